import type { Hit, Look } from './findings.ts'

/**
 * A box in a real shop has no canaries, so there whatever looks like a Bluetooth or Wi-Fi address is looked for. Only
 * text: six bytes look like any other six. The label names the form, never the address. In 394 MB of installed packages,
 * Node itself among them, it saw three, each an example address in a text about addresses; in an empty database none.
 */
export function createShapeLook({ allowed }: ShapeSettings): Look {
  const own = new Set(allowed.flatMap(digitsOf))
  return (content) => [...hitsIn(content.toString('latin1'), 1, own), ...wideHits(content, own)]
}

export interface ShapeSettings {
  /** The box's own adapter and the shop's beacons, in any spelling, and client ids that end in an address. */
  readonly allowed: readonly string[]
}

interface Shape {
  readonly label: string
  readonly form: RegExp
}

const pair = '[0-9A-Fa-f]{2}'
const word = '(?:bd_?addr|mac|addr|address|bssid|peer|device)'

/**
 * A longer row of pairs is the fingerprint of a certificate, a UUID or a dump, so that nothing of the kind may stand on
 * either side. Twelve bare digits are an address only next to a word that says so.
 */
const shapes: readonly Shape[] = [
  { label: 'address with colons', form: new RegExp(`(?<![0-9A-Za-z:.])${pair}(?::${pair}){5}(?![0-9A-Za-z:])`, 'g') },
  { label: 'address with dashes', form: new RegExp(`(?<![0-9A-Za-z-])${pair}(?:-${pair}){5}(?![0-9A-Za-z-])`, 'g') },
  { label: 'BlueZ device path', form: new RegExp(`dev_${pair}(?:_${pair}){5}(?![0-9A-Za-z_])`, 'g') },
  {
    label: 'twelve digits next to a word for address',
    form: new RegExp(`(?<![a-z])${word}["']?[ :=_-]{1,3}["']?(?:0x)?([0-9A-Fa-f]{12})(?![0-9A-Za-z])`, 'gi'),
  },
]

function hitsIn(text: string, width: 1 | 2, own: ReadonlySet<string>): Hit[] {
  return shapes.flatMap(({ label, form }) =>
    [...text.matchAll(form)]
      .filter(([found, digits]) => isSomebody(digits ?? found.replace('dev_', ''), own))
      .map(({ index }) => ({ label: width === 2 ? `${label}, UTF-16` : label, offset: index * width })),
  )
}

/** Two bytes a letter, as in the memory of a browser or of JavaScript: runs of at least the shortest shape. */
function wideHits(content: Buffer, own: ReadonlySet<string>): Hit[] {
  const runs = content.toString('latin1').matchAll(/(?:[ -~]\0){12,}/g)
  return [...runs].flatMap(({ 0: run, index }) =>
    hitsIn(run.replaceAll('\0', ''), 2, own).map(({ label, offset }) => ({ label, offset: index + offset })),
  )
}

/**
 * Nobody has the address 00:00:00:00:00:00 or FF:FF:FF:FF:FF:FF. Decimal digits only are a date or a time; an address
 * looks so once in 280 times, and where one is kept there are soon more.
 */
function isSomebody(spelled: string, own: ReadonlySet<string>): boolean {
  const digits = spelled.replace(/[^0-9A-Fa-f]/g, '').toLowerCase()
  return !/^(.)\1{11}$|^[0-9]{12}$/.test(digits) && !own.has(digits)
}

/** The twelve digits of an allowed address, or those that end a client id. */
function digitsOf(allowed: string): string[] {
  const digits = /(?:[0-9a-f]{2}[:_-]?){5}[0-9a-f]{2}$/.exec(allowed.toLowerCase())?.[0]
  return digits ? [digits.replace(/[^0-9a-f]/g, '')] : []
}
