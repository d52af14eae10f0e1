/** What is looked for: bytes such as an address or an id, or a text such as a name. `name` says what it is, not its value. */
export type Identifier =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly text: string }

/** One way of writing an identifier down. */
export interface Spelling {
  readonly label: string
  readonly bytes: Buffer
}

const separators = ['', ':', '-', '_', ' ']

/** As bytes: as it is heard, and in the other order, which Bluetooth uses on the air. */
export function rawFormsOf(identifier: Identifier): Spelling[] {
  if ('text' in identifier) return []
  const bytes = Buffer.from(identifier.bytes)
  return [
    { label: 'bytes', bytes },
    { label: 'reversed bytes', bytes: Buffer.from(bytes).reverse() },
  ]
}

/** As printed: what a program would log, store or put into a hash. */
export function printedFormsOf(identifier: Identifier): Spelling[] {
  const texts = 'text' in identifier ? textForms(identifier.text) : rawFormsOf(identifier).flatMap(printedBytes)
  return texts.map(([label, text]) => ({ label, bytes: Buffer.from(text) }))
}

type Text = readonly [label: string, text: string]

function textForms(text: string): Text[] {
  return [
    ['the text', text],
    ['the text in lower case', text.toLowerCase()],
    ['the text in upper case', text.toUpperCase()],
    ['the text with its accents apart', text.normalize('NFD')],
  ]
}

function printedBytes({ label, bytes }: Spelling): Text[] {
  const of = label === 'bytes' ? '' : ', reversed'
  const hex = bytes.toString('hex')
  const number = BigInt(`0x${hex}`)
  const lower = separators.map((separator): Text => [`hex with '${separator}'${of}`, grouped(hex, 2, separator)])
  const both = [
    ...lower,
    [`hex with '.' after four${of}`, grouped(hex, 4, '.')] as const,
    ...(bytes.length === 16 ? [[`UUID${of}`, hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')] as const] : []),
  ]
  return [
    ...both.map(([name, text]): Text => [`lower ${name}`, text]),
    ...both.map(([name, text]): Text => [`upper ${name}`, text.toUpperCase()]),
    [`BlueZ path${of}`, `dev_${grouped(hex.toUpperCase(), 2, '_')}`],
    [`decimal${of}`, number.toString()],
    [`base 36${of}`, number.toString(36)],
  ]
}

function grouped(text: string, size: number, separator: string): string {
  return text.match(new RegExp(`.{1,${size}}`, 'g'))!.join(separator)
}

/** Bytes as numbers in lists, in escapes and in the memory of JavaScript. Looked for, but nobody hashes these. */
export function listedFormsOf(identifier: Identifier): Spelling[] {
  return rawFormsOf(identifier).flatMap(({ label, bytes }) => {
    const of = label === 'bytes' ? '' : ', reversed'
    return [...lists(bytes), ...inMemory(bytes)].map((form) => ({ ...form, label: `${form.label}${of}` }))
  })
}

function lists(bytes: Buffer): Spelling[] {
  const join = (before: string, between: string, radix: 10 | 16) =>
    [...bytes].map((byte) => before + byte.toString(radix).padStart(radix === 16 ? 2 : 1, '0')).join(between)
  const texts: Text[] = [
    ['decimal bytes', join('', ',', 10)],
    ['decimal bytes with spaces', join('', ', ', 10)],
    ['0x bytes', join('0x', ',', 16)],
    ['0x bytes with spaces', join('0x', ', ', 16)],
    ['\\x escapes', join('\\x', '', 16)],
    ['\\u escapes', join('\\u00', '', 16)],
    ['URL escapes', join('%', '', 16)],
  ]
  const upper = texts.map(([label, text]): Text => [`${label}, upper case`, upperDigits(text)])
  return [...texts, ...upper].map(([label, text]) => ({ label, bytes: Buffer.from(text) }))
}

function upperDigits(text: string): string {
  return text.replace(/[0-9a-f]{2}(?![0-9a-wyz])/g, (digits) => digits.toUpperCase())
}

/** An array of numbers takes two, four or eight bytes for each; a number above 2^31 is a double. */
function inMemory(bytes: Buffer): Spelling[] {
  const forms = [2, 4, 8].map((width) => ({ label: `${8 * width} bits for each byte`, bytes: widened(bytes, width) }))
  const latin1 = { label: 'as Latin-1 text in UTF-8', bytes: Buffer.from(bytes.toString('latin1')) }
  if (bytes.length > 6) return [...forms, latin1]
  const [little, big] = [Buffer.alloc(8), Buffer.alloc(8)]
  little.writeDoubleLE(bytes.readUIntBE(0, bytes.length))
  big.writeDoubleBE(bytes.readUIntBE(0, bytes.length))
  return [...forms, latin1, { label: 'double', bytes: little }, { label: 'big-endian double', bytes: big }]
}

function widened(bytes: Buffer, width: number): Buffer {
  const wide = Buffer.alloc((bytes.length - 1) * width + 1)
  bytes.forEach((byte, index) => {
    wide[index * width] = byte
  })
  return wide
}
