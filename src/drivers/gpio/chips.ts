import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../../base/errors.ts'
import type { BeamOffsets } from './lines.ts'

/** A GPIO chip as the kernel names it. */
export interface Chip {
  /** 'gpiochip0': the device for gpiomon, a folder name in sysfs. */
  readonly name: string
  /** What the chip is, such as 'pinctrl-bcm2711'. */
  readonly label: string
  readonly lines: number
  /** The number of its first line in sysfs. */
  readonly base?: number
}

/** Where sysfs shows its chips and lines, if the kernel has it at all. */
export const sysfsFolder = '/sys/class/gpio'

// Chips that drive the pin header: Pi 5, Pi 4, Pi 0 to 3. The Pi 5 has four more chips, which switch power, SD card and
// Wi-Fi, and since kernel 6.6 the numbers start elsewhere on every board: so the label decides, never a base.
const headerLabels = ['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835']

/**
 * The chip of the pin header, which must have both lines.
 * @throws DRIVER_GPIO_NO_CHIP naming the chips that were seen
 */
export function headerChip(chips: readonly Chip[], offsets: BeamOffsets): Chip {
  const chip = headerLabels.map((label) => chips.find((seen) => seen.label === label)).find((found) => found)
  if (!chip) {
    const seen = chips.map((other) => `${other.name} (${other.label})`).join(', ')
    const fix = `Beams are read from the header of a Raspberry Pi, whose chip is called ${headerLabels.join(' or ')}.`
    throw new GatewayError('DRIVER_GPIO_NO_CHIP', seen ? `Seen: ${seen}.` : 'No chip at all was seen.', { fix })
  }
  const beyond = Object.values(offsets).find((offset) => offset >= chip.lines)
  if (beyond === undefined) return chip
  const fix = 'Name lines that are on the header, GPIO2 to GPIO27.'
  throw new GatewayError('DRIVER_GPIO_NO_CHIP', `${chip.label} has no GPIO${beyond}.`, { fix })
}

/** The chips that sysfs shows; none where the kernel was built without it. Never throws. */
export async function readSysfsChips(folder: string = sysfsFolder): Promise<Chip[]> {
  const names = await readdir(folder).catch(() => [])
  const chips = names.filter((name) => name.startsWith('gpiochip')).map((name) => readSysfsChip(folder, name))
  return (await Promise.all(chips)).filter((chip) => chip !== undefined)
}

async function readSysfsChip(folder: string, name: string): Promise<Chip | undefined> {
  const attribute = async (file: string) => (await readFile(join(folder, name, file), 'latin1')).trim()
  try {
    const [label, lines, base] = await Promise.all([attribute('label'), attribute('ngpio'), attribute('base')])
    return { name, label, lines: Number(lines), base: Number(base) }
  } catch {
    return undefined
  }
}

/** Reads the listing of `gpiodetect`, the same in libgpiod 1 and 2: `gpiochip0 [pinctrl-bcm2711] (58 lines)`. */
export function parseGpiodetect(listing: string): Chip[] {
  const rows = listing.matchAll(/^(gpiochip\d+) \[(.*)\] \((\d+) lines\)$/gm)
  return [...rows].map(([, name, label, lines]) => ({ name: name!, label: label!, lines: Number(lines) }))
}
