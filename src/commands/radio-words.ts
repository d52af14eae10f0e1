import { readFileSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../config.ts'
import { askRadio, type RadioAnswer } from '../drivers/ble/ask.ts'
import type { SensorOf } from '../drivers/settings.ts'
import type { Section } from './policy-words.ts'

/** What is known of this machine's radio, beside what the configuration says. */
export interface Found {
  readonly sensor: SensorOf<'ble'>
  readonly answer: RadioAnswer
}

/** What the box hears by Bluetooth, of whom, and whether BlueZ keeps traces of it; nothing where no radio is configured. */
export async function describeRadio(config: Config): Promise<Section[]> {
  const radios = config.sensors.filter((sensor) => sensor.kind === 'ble')
  if (radios.length === 0) return []
  const clock = systemClock(() => true)
  const found = await Promise.all(
    radios.map(async (sensor): Promise<Found> => ({ sensor, answer: await askRadio(sensor.adapter, clock) })),
  )
  const lines = [...wantedLines(config), ...found.map((each) => reachLine(each, config)), notesLine()]
  return [{ title: 'What is heard by Bluetooth', lines }]
}

/** Of whom something is wanted. */
export function wantedLines({ beacons, privacy, purposes }: Config): string[] {
  const own = beacons.filter(({ staff }) => !staff).map(({ id }) => id)
  const staff = beacons.length - own.length
  const lines = [`Of the shop's own devices: ${own.length === 0 ? 'none' : own.join(', ')}.`]
  if (staff > 0)
    lines.push(`Devices of staff (${staff}) are known so that they are not counted; nothing is reported of them.`)
  if (purposes.length > 0) {
    lines.push(
      'Of tags (Eddystone-EID): what they send, to know those of shoppers who agreed; of all others nothing is kept.',
    )
    lines.push('And it says something itself: a beacon with the token that the screen shows, new every half minute.')
  }
  if (privacy.profile !== 'phones') lines.push('Phones: nothing.')
  return lines
}

/** Do adverts of strangers come into this process? */
export function reachLine({ sensor, answer }: Found, { privacy, purposes }: Config): string {
  const radio = `${sensor.id} (${sensor.adapter})`
  if (privacy.profile === 'phones') return `${radio}: everybody's adverts reach this process, since phones are counted.`
  switch (answer) {
    case 'monitor':
      if (purposes.length > 0)
        return `${radio}: BlueZ is asked for the formats of those devices and for tags, so of strangers only the adverts of tags reach this process, and are dropped there.`
      return `${radio}: BlueZ is asked for the formats of those devices only, so strangers' adverts do not reach this process.`
    case 'discovery':
      return `${radio}: BlueZ offers no monitor here, so strangers' adverts reach this process and are dropped there. Start bluetoothd with --experimental (systemd/bluetooth.service.d/drempel.conf).`
    case 'no-adapter':
      return `${radio}: there is no such adapter on this machine, so it cannot be said what would reach this process.`
    case 'unknown':
      return `${radio}: BlueZ cannot be asked here, so it cannot be said what would reach this process.`
  }
}

/** BlueZ writes files with the addresses of devices that it merely heard. */
function notesLine(): string {
  const place = notesOf(mounts())
  if (place === 'ram') return "BlueZ's own notes of what it heard (/var/lib/bluetooth) lie in RAM."
  return "BlueZ's own notes of what it heard (/var/lib/bluetooth) lie on the disk: enable systemd/var-lib-bluetooth.mount, or the timer drempel-radio-purge."
}

/** Where /var/lib/bluetooth lies, from the text of /proc/mounts. The last mount over a folder counts. */
export function notesOf(text: string): 'ram' | 'disk' {
  const folder = '/var/lib/bluetooth'
  const over = text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, at = '']) => at === '/' || folder === at || folder.startsWith(`${at}/`))
    .at(-1)
  return over?.[2] === 'tmpfs' || over?.[2] === 'ramfs' ? 'ram' : 'disk'
}

/** The mounts of this machine, as the kernel lists them; empty where it does not. */
export function mounts(): string {
  try {
    return readFileSync('/proc/mounts', 'utf8')
  } catch {
    return ''
  }
}
