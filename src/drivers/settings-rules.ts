import type { ValidateFunction } from 'ajv'
import { createValidator, toDraft2020 } from '../base/json-schema.ts'
import { nearest } from '../base/nearest.ts'
import { type Finding, problem, valueAt, warning } from '../base/problem.ts'
import { explainErrors, type KeyPlaces } from '../base/schema-errors.ts'
import { type SensorKind, type SensorOf, type SensorSettings, sensorSchemas } from './settings.ts'

const validators = new Map<SensorKind, ValidateFunction>()

/**
 * Checks one sensor against the schema of its own kind, so that messages speak of that kind; fills in defaults.
 * @param i its position in the list
 */
export function sensorShape(sensor: unknown, i: number, places: KeyPlaces): Finding[] {
  const path = ['sensors', i]
  const kinds = Object.keys(sensorSchemas)
  const kind = valueAt(sensor, ['kind'])
  if (typeof sensor !== 'object' || sensor === null || Array.isArray(sensor)) {
    return [problem(path, 'It must be a map of keys.', 'Write id, kind, zone and the keys of its kind.')]
  }
  if (typeof kind !== 'string' || !isSensorKind(kind)) {
    const near = typeof kind === 'string' ? nearest(kind, kinds) : undefined
    const reason = kind === undefined ? 'It is required.' : 'No sensor is of this kind.'
    return [
      problem([...path, 'kind'], reason, near ? `Did you mean \`${near}\`?` : `Choose one of ${kinds.join(', ')}.`),
    ]
  }
  const validate = validators.get(kind) ?? createValidator(toDraft2020(sensorSchemas[kind]))
  validators.set(kind, validate)
  return validate(sensor) ? [] : explainErrors(validate.errors ?? [], sensor, places, path)
}

function isSensorKind(kind: string): kind is SensorKind {
  return Object.hasOwn(sensorSchemas, kind)
}
/** Why a sensor feeds no number, or null when it feeds one. */
export function feedsNothing(sensor: SensorSettings, sensors: readonly SensorSettings[]): string | null {
  switch (sensor.kind) {
    case 'ble':
      return "it listens for the shop's own beacons; phones are counted only with the profile phones"
    case 'ld2410':
      return 'a presence radar does not count people'
    case 'ld2450':
    case 'rd03d':
      return sensor.line ? null : 'without a line a radar counts no crossing'
    case 'tf-luna':
      return isPaired(sensor, sensors) ? null : 'one distance sensor cannot tell in from out'
    default:
      return null
  }
}

/** The sensors that count in each zone: their hearing decides its coverage. */
export function feedsOf(sensors: readonly SensorSettings[]): ReadonlyMap<string, readonly string[]> {
  const counting = sensors.filter((sensor) => feedsNothing(sensor, sensors) === null)
  return new Map([...Map.groupBy(counting, ({ zone }) => zone)].map(([zone, fed]) => [zone, fed.map(({ id }) => id)]))
}

/** The radios of each zone that has one. */
export function radiosOf(sensors: readonly SensorSettings[]): ReadonlyMap<string, readonly string[]> {
  const radios = sensors.filter(({ kind }) => kind === 'ble')
  return new Map([...Map.groupBy(radios, ({ zone }) => zone)].map(([zone, heard]) => [zone, heard.map(({ id }) => id)]))
}

/** The radar that watches each zone of its areas. */
export function areaRadarsOf(sensors: readonly SensorSettings[]): ReadonlyMap<string, readonly string[]> {
  const areas = sensors.flatMap((sensor) => {
    return 'areas' in sensor ? (sensor.areas ?? []).map(({ zone }) => ({ zone, id: sensor.id })) : []
  })
  return new Map(
    [...Map.groupBy(areas, ({ zone }) => zone)].map(([zone, of]) => [zone, [...new Set(of.map(({ id }) => id))]]),
  )
}

function isPaired(sensor: SensorOf<'tf-luna'>, sensors: readonly SensorSettings[]): boolean {
  return sensor.inner !== undefined || sensors.some((other) => other.kind === 'tf-luna' && other.inner === sensor.id)
}

/** What a schema cannot say of the sensors: they must not share lines, ports or partners. */
export function* sensorFindings(sensors: readonly SensorSettings[]): Generator<Finding> {
  yield* sharedFindings(sensors)
  for (const [i, sensor] of sensors.entries()) {
    if (sensor.kind === 'beam-pair') yield* beamFindings(sensor, i)
    if (sensor.kind === 'tf-luna') yield* rangePairFindings(sensor, i, sensors)
    if (sensor.kind === 'ld2450' || sensor.kind === 'rd03d') yield* radarFindings(sensor, i)
    if (sensor.kind === 'modbus-counter') yield* registerFindings(sensor, i)
  }
}

/** Two sensors cannot listen to one line, port or adapter. */
function* sharedFindings(sensors: readonly SensorSettings[]): Generator<Finding> {
  const owners = new Map<string, string>()
  for (const [i, sensor] of sensors.entries()) {
    for (const [key, part] of partsOf(sensor)) {
      const owner = owners.get(part)
      owners.set(part, owner ?? sensor.id)
      if (owner === undefined || (owner === sensor.id && sensor.kind === 'beam-pair')) continue
      yield problem(['sensors', i, key], `It is already taken by ${owner}.`, 'Give each sensor a part of its own.')
    }
  }
}

function partsOf(sensor: SensorSettings): [key: string, part: string][] {
  if (sensor.kind === 'ble') return [['adapter', sensor.adapter]]
  if (sensor.kind !== 'beam-pair') return [['port', sensor.port]]
  return [
    ['outer', lineOf(sensor.outer)],
    ['inner', lineOf(sensor.inner)],
  ]
}

// GPIO07 and GPIO7 are the same line.
function lineOf(name: string): string {
  return `GPIO${Number(name.slice(4))}`
}

function* beamFindings(sensor: SensorOf<'beam-pair'>, i: number): Generator<Finding> {
  if (lineOf(sensor.outer) === lineOf(sensor.inner)) {
    const fix = 'Name the two lines that the two beams are wired to; outer is the one nearer the street.'
    yield problem(['sensors', i, 'inner'], 'It is the same line as outer.', fix)
  }
  for (const key of ['outer', 'inner'] as const) {
    if (Number(sensor[key].slice(4)) <= 27) continue
    yield warning(['sensors', i, key], 'The pin header of a Raspberry Pi ends at GPIO27.', 'Check the wiring.')
  }
}

function* rangePairFindings(sensor: SensorOf<'tf-luna'>, i: number, sensors: readonly SensorSettings[]) {
  const path = ['sensors', i, 'inner']
  if (sensor.inner === undefined) {
    const reason = feedsNothing(sensor, sensors)
    if (reason)
      yield warning(['sensors', i], `It feeds no number: ${reason}.`, 'Add a second tf-luna and name it as inner.')
    return
  }
  const inner = sensors.find((other) => other.id === sensor.inner)
  if (inner === sensor) {
    yield problem(path, 'It names itself.', 'Name the tf-luna that stands further in.')
  } else if (inner?.kind !== 'tf-luna') {
    yield problem(path, 'No tf-luna has this id.', 'Name the tf-luna that stands further in.')
  } else if (inner.inner !== undefined) {
    const reason = inner.inner === sensor.id ? 'The two name each other.' : 'That one already has an inner of its own.'
    yield problem(path, reason, 'Two sensors form a pair: only the outer one names the inner one.')
  } else if (inner.zone !== sensor.zone) {
    yield problem(path, `It stands in zone ${inner.zone}, not ${sensor.zone}.`, 'Give both the same zone.')
  } else if (sensors.some((other, j) => j < i && other.kind === 'tf-luna' && other.inner === sensor.inner)) {
    yield problem(path, 'It is already the inner one of another pair.', 'Use each tf-luna in one pair only.')
  }
}

function* radarFindings(sensor: SensorOf<'ld2450' | 'rd03d'>, i: number): Generator<Finding> {
  if (sensor.line && String(sensor.line[0]) === String(sensor.line[1])) {
    yield problem(
      ['sensors', i, 'line'],
      'Its two ends are the same point.',
      'Write two points, such as the door posts.',
    )
  }
  for (const [j, area] of (sensor.areas ?? []).entries()) {
    if (surface(area.polygon) > 0) continue
    const path = ['sensors', i, 'areas', j, 'polygon']
    yield problem(path, 'It encloses nothing.', 'Write at least three corners that are not on one line, in order.')
  }
  if (sensor.line) return
  const reason = sensor.areas ? 'Its areas time stays with the profile dwell.' : 'It has neither line nor areas.'
  yield warning(['sensors', i], `It counts nothing. ${reason}`, 'Add a line that people cross.')
}

function surface(polygon: readonly (readonly [number, number])[]): number {
  const twice = polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length]!
    return sum + x * nextY - nextX * y
  }, 0)
  return Math.abs(twice) / 2
}

function* registerFindings(sensor: SensorOf<'modbus-counter'>, i: number): Generator<Finding> {
  for (const [j, register] of sensor.registers.entries()) {
    const path = ['sensors', i, 'registers', j]
    const most = 2 ** (16 * register.words)
    if (register.modulus !== undefined && register.modulus > most) {
      const reason = `A value of ${register.words} registers wraps at ${most} at the latest.`
      yield problem([...path, 'modulus'], reason, `Use ${most} or less, or take it out.`)
    }
    const isSame = (other: typeof register) => other.fc === register.fc && other.addr === register.addr
    if (sensor.registers.findIndex(isSame) < j) {
      yield problem([...path, 'addr'], 'This register is read already.', 'Name each register once.')
    }
  }
  for (const kind of ['total_in', 'total_out'] as const) {
    if (sensor.registers.some((register) => register.kind === kind)) continue
    const reason = `No register is a ${kind}, so it never counts people going ${kind.slice(6)}.`
    yield warning(['sensors', i, 'registers'], reason, `Add the ${kind} register if the device has one.`)
  }
}

/** Sensors must feed zones that exist; a zone that no sensor feeds is worth a warning. */
export function* zoneFindings(
  sensors: readonly SensorSettings[],
  zones: readonly { id: string }[],
): Generator<Finding> {
  const ids = zones.map(({ id }) => id)
  const fix = `Name one of ${ids.join(', ')}, or add it to zones.`
  for (const [i, sensor] of sensors.entries()) {
    if (!ids.includes(sensor.zone)) yield problem(['sensors', i, 'zone'], 'No zone has this id.', fix)
    for (const [j, area] of ('areas' in sensor ? (sensor.areas ?? []) : []).entries()) {
      if (!ids.includes(area.zone)) yield problem(['sensors', i, 'areas', j, 'zone'], 'No zone has this id.', fix)
    }
  }
  const fed = sensors.filter((sensor) => feedsNothing(sensor, sensors) === null).map(({ zone }) => zone)
  for (const [i, id] of ids.entries()) {
    if (fed.includes(id)) continue
    yield warning(['zones', i], 'No sensor counts here, so its slots go out without a number.', 'Give it a sensor.')
  }
}
