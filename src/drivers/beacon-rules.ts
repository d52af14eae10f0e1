import { type Finding, problem, warning } from '../base/problem.ts'
import type { BeaconSettings, SensorSettings } from './settings.ts'

type Format = BeaconSettings['format']
type Key = 'uuid' | 'major' | 'minor' | 'namespace' | 'instance' | 'address' | 'key'

interface Keys {
  readonly needs: Key
  readonly may: readonly Key[]
}

const keysOf: Readonly<Record<Format, Keys>> = {
  ibeacon: { needs: 'uuid', may: ['major', 'minor'] },
  altbeacon: { needs: 'uuid', may: ['major', 'minor'] },
  'eddystone-uid': { needs: 'namespace', may: ['instance'] },
  bthome: { needs: 'address', may: ['key'] },
  ruuvi: { needs: 'address', may: [] },
  irk: { needs: 'key', may: [] },
}
const allKeys: readonly Key[] = ['uuid', 'major', 'minor', 'namespace', 'instance', 'address', 'key']

// Sent by the beacons of two makers as they come out of the box.
const defaultUuids = ['fda50693-a4e2-4fb1-afcf-c6eb07647825', '426c7565-4368-6172-6d42-6561636f6e73']

/** Each address is tried with each key: with more, strangers would be taken for staff, and the radio would fall behind. */
const mostKeys = 50

/** What a schema cannot say of the shop's own devices: the keys of each format, and that no advert fits two of them. */
export function* beaconFindings(beacons: readonly BeaconSettings[]): Generator<Finding> {
  for (const [i, beacon] of beacons.entries()) {
    yield* keyFindings(beacon, i)
    yield* valueFindings(beacon, i)
    const same = beacons.find((other, j) => j < i && isSame(beacon, other))
    if (!same) continue
    const fix = 'Write each device once; where they differ in a number only, give both that number.'
    yield problem(['beacons', i], `What ${same.id} sends fits this one, too.`, fix)
  }
  const keys = beacons.filter(({ format }) => format === 'irk').length
  if (keys > mostKeys) {
    const fix = `Keep the keys of ${mostKeys} devices; give the others beacons of their own.`
    yield problem(['beacons'], `It has ${keys} devices of format irk; at most ${mostKeys} can be told apart.`, fix)
  }
}

/** Devices that no radio can hear. */
export function* unheardFindings(
  beacons: readonly BeaconSettings[],
  sensors: readonly SensorSettings[],
): Generator<Finding> {
  if (beacons.length === 0 || sensors.some(({ kind }) => kind === 'ble')) return
  yield warning(['beacons'], 'No sensor of kind ble is there to hear them.', 'Add one to sensors.')
}

function* keyFindings(beacon: BeaconSettings, i: number): Generator<Finding> {
  const { needs, may } = keysOf[beacon.format]
  if (beacon[needs] === undefined) {
    yield problem(
      ['beacons', i, needs],
      `The format ${beacon.format} needs it.`,
      `Add \`${needs}\`: ${meaning[needs]}.`,
    )
  }
  for (const key of allKeys) {
    if (beacon[key] === undefined || key === needs || may.includes(key)) continue
    const its = [needs, ...may].join(', ')
    const fix = `Take it out, or choose the format it belongs to. Keys of ${beacon.format}: ${its}.`
    yield problem(['beacons', i, key], `The format ${beacon.format} has no such key.`, fix)
  }
}

const meaning: Readonly<Record<Key, string>> = {
  uuid: 'the UUID that the beacon sends, such as "f7826da6-4fa2-4e98-8024-bc5b71e0893e"',
  major: 'a number from 0 to 65535',
  minor: 'a number from 0 to 65535',
  namespace: 'the 20 hex digits that the beacons of the shop share',
  instance: 'the 12 hex digits of this beacon',
  address: 'the fixed address of the device, such as "A4:C1:38:8D:18:B2"',
  key: 'the 32 hex digits of its identity resolving key, most significant byte first',
}

function* valueFindings({ uuid, address, key }: BeaconSettings, i: number): Generator<Finding> {
  if (uuid && defaultUuids.includes(uuid.toLowerCase())) {
    const reason = 'Its maker gives this UUID to every beacon, so beacons of other shops would be taken for yours.'
    yield warning(['beacons', i, 'uuid'], reason, 'Give your beacons a UUID of your own; `uuidgen` prints one.')
  }
  if (address && !isFixedAddress(address)) {
    yield problem(['beacons', i, 'address'], 'No device has this as its fixed address.', 'Copy it from the device.')
  }
  if (key && /^0+$/.test(key)) {
    yield problem(['beacons', i, 'key'], 'It is no key: all digits are 0.', 'Copy it from the device.')
  }
}

// A public address is of one device, so its group bit is not set; a static random one begins with two bits of 1, and the
// rest of it is neither all 0 nor all 1 (Core Specification 5.4, Vol 6 Part B, 1.3.2.1).
function isFixedAddress(address: string): boolean {
  const digits = address.replaceAll(':', '')
  if (/^[0C]0{11}$|^F{12}$/i.test(digits)) return false
  const first = Number.parseInt(digits.slice(0, 2), 16)
  return (first & 1) === 0 || first >= 0xc0
}

/** Could one advert be of both? */
function isSame(a: BeaconSettings, b: BeaconSettings): boolean {
  if (isAlike(a.address, b.address)) return true
  if (a.format !== b.format) return false
  switch (a.format) {
    case 'ibeacon':
    case 'altbeacon':
      return isAlike(a.uuid, b.uuid) && overlaps(a.major, b.major) && overlaps(a.minor, b.minor)
    case 'eddystone-uid':
      return isAlike(a.namespace, b.namespace) && overlaps(lower(a.instance), lower(b.instance))
    case 'irk':
      return isAlike(a.key, b.key)
    default:
      return false
  }
}

function isAlike(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && lower(a) === lower(b)
}

function lower(text: string | undefined): string | undefined {
  return text?.toLowerCase()
}

/** What is left out stands for any. */
function overlaps<T>(a: T | undefined, b: T | undefined): boolean {
  return a === undefined || b === undefined || a === b
}
