import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { type Static, Type } from 'typebox'
import { GatewayError } from './base/errors.ts'
import { createValidator, keyPlaces, type SchemaPart, toDraft2020 } from './base/json-schema.ts'
import { display, type Finding, type Problem, problem, problemOf, twiceFindings, valueAt } from './base/problem.ts'
import { brokenKeys, explainErrors, type KeyPlaces } from './base/schema-errors.ts'
import { absoluteIn, pemFindings, readText } from './base/text-file.ts'
import { longestYaml, readYaml } from './base/yaml-source.ts'
import { controllerFindings, controllerSchema, purposeFindings, purposeSchema } from './consent/settings.ts'
import { beaconFindings, unheardFindings } from './drivers/beacon-rules.ts'
import { beaconSchema, type SensorSettings, sensorSchemas } from './drivers/settings.ts'
import { sensorFindings, sensorShape, zoneFindings } from './drivers/settings-rules.ts'
import { policyFindings, priceFindings } from './privacy/policy-rules.ts'
import { privacySchema, retentionSchema, zoneSchema } from './privacy/settings.ts'
import {
  openingFindings,
  profileFindings,
  retentionFindings,
  storeFindings,
  visitorsFindings,
  wholeShopFindings,
} from './privacy/settings-rules.ts'
import { idOf, storeSchema } from './privacy/store-settings.ts'
import { upstreamFindings, upstreamSchema } from './uplink/settings.ts'
import { webFindings, webSchema } from './web/settings.ts'

const closed = { additionalProperties: false }

const configSchema = Type.Object(
  {
    organisation: idOf('Id of the chain'),
    store: storeSchema,
    controller: controllerSchema,
    gateway: idOf('Id of this box in its store'),
    zones: Type.Array(zoneSchema, {
      minItems: 1,
      maxItems: 32,
      default: [{ id: 'entrance', name: 'Entrance', kind: 'door' }],
      description: 'The doors and parts of the shop that are counted.',
    }),
    sensors: Type.Array(Type.Unsafe<SensorSettings>({ oneOf: Object.values(sensorSchemas) }), {
      maxItems: 64,
      description: 'A list of sensors, each with id, kind, zone and the keys of its kind.',
    }),
    beacons: Type.Array(beaconSchema, {
      maxItems: 256,
      default: [],
      description: "The shop's own Bluetooth devices, staff tags included: heard for health, never counted.",
    }),
    privacy: Type.Object(privacySchema.properties, { ...closed, default: {}, description: 'What leaves the shop.' }),
    purposes: Type.Array(purposeSchema, {
      maxItems: 16,
      default: [],
      description: 'What shoppers may be asked to agree to.',
    }),
    retention: Type.Object(retentionSchema.properties, {
      ...closed,
      default: {},
      description: 'How long data is kept.',
    }),
    upstream: upstreamSchema,
    web: webSchema,
    data: Type.String({ minLength: 1, default: '/var/lib/drempel', description: 'Folder of everything that lasts.' }),
    clock: Type.Union([Type.Literal('auto'), Type.Literal('trusted')], {
      default: 'auto',
      description: 'auto: windows wait until the clock is set by a time server or a clock chip. trusted: it is right.',
    }),
  },
  { ...closed, description: 'The configuration of one Drempel gateway.' },
)

/** A checked configuration: defaults filled in, paths absolute, durations as text. */
export type Config = Static<typeof configSchema>

/** What reading a configuration gives: it can be used, perhaps with warnings, or it cannot. */
export type ConfigCheck = { config: Config; warnings: Problem[] } | { problems: Problem[] }

/** The JSON Schema (draft 2020-12) of the configuration, for editors and forms. */
export function configJsonSchema(): SchemaPart & { $schema: string; $id: string } {
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'urn:drempel:configuration:1' }
  return { ...head, title: 'Drempel configuration', ...toDraft2020(configSchema) } as SchemaPart & typeof head
}

const defaultFiles = ['drempel.yaml', '/etc/drempel/drempel.yaml']

/** The absolute path of the file that a command reads: the named one, else ./drempel.yaml, else /etc/drempel/drempel.yaml. @throws CONFIG_MISSING */
export function findConfig(path?: string): string {
  const found = path ?? defaultFiles.find((file) => existsSync(file))
  if (found && existsSync(found)) return resolve(found)
  const fix = path
    ? 'Check the path after --config.'
    : 'Write one, or name it with --config FILE; README.md has an example.'
  throw new GatewayError('CONFIG_MISSING', path ? `There is no ${path}.` : `Looked for ${defaultFiles.join(', ')}.`, {
    fix,
  })
}

/** The text of a configuration file. @throws CONFIG_UNREADABLE */
export function readConfigText(file: string): string {
  const read = readText(file, 4 * longestYaml)
  if ('text' in read) return read.text
  throw new GatewayError('CONFIG_UNREADABLE', `${file}: ${read.reason}.`, { fix: 'Name a readable text file.' })
}

/** Finds, reads and checks the configuration. @throws CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadConfig(path?: string): Config {
  const file = findConfig(path)
  const reading = readConfig(readConfigText(file), file)
  if ('config' in reading) return reading.config
  throw invalid(file, reading.problems)
}

/** The error that says a configuration cannot be used: its first problem, and where to see them all. */
export function invalid(file: string, problems: readonly Problem[]): GatewayError {
  const [first, ...others] = problems
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  const detail = `${file}: ${first?.path}: ${first?.reason}${more}`
  return new GatewayError('CONFIG_INVALID', detail, { fix: '`drempel check` shows each with its fix.' })
}

/** Checks a configuration's text. `file` says what its paths are relative to. Never throws. */
export function readConfig(text: string, file: string): ConfigCheck {
  return readWith(text, file, policyFindings)
}

/** The same but for the signed assessment: to know what an accepted configuration was, after its file was signed anew. */
export function readUnsigned(text: string, file: string): ConfigCheck {
  return readWith(text, file, priceFindings)
}

/** Judges a configuration that is sound in itself, its paths absolute. */
type Judge = (config: Config) => Iterable<Finding>

function readWith(text: string, file: string, judge: Judge): ConfigCheck {
  const source = readYaml(text)
  if ('problems' in source) return source
  const document: unknown = structuredClone(source.value)
  const folder = dirname(resolve(file))
  const findings = checkDocument(document, folder, judge)
  const told = (level: Finding['level']) =>
    findings
      .filter((finding) => finding.level === level)
      .map((finding) => problemOf(finding, document, source.locate(finding.path, finding.hidesValue)))
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  // Nobody reads more of them.
  const problems = told('problem').slice(0, 100)
  if (problems.length > 0) return { problems }
  return { config: withAbsolutePaths(document as Config, folder), warnings: told('warning') }
}

let prepared: { places: KeyPlaces; validate: ValidateFunction } | undefined

// Sensors are validated apart, each against the schema of its own kind, so that messages speak of that kind.
function prepare() {
  if (prepared) return prepared
  const schema = toDraft2020(configSchema)
  const { sensors } = schema.properties!
  const withoutKinds = { ...schema.properties, sensors: { ...sensors, items: {} } }
  prepared = { places: keyPlaces(schema), validate: createValidator({ ...schema, properties: withoutKinds }) }
  return prepared
}

function checkDocument(document: unknown, folder: string, judge: Judge): Finding[] {
  const { places, validate } = prepare()
  validate(document)
  const errors = validate.errors ?? []
  const sensors = valueAt(document, ['sensors'])
  const ofSensors = Array.isArray(sensors) ? sensors.flatMap((sensor, i) => sensorShape(sensor, i, places)) : []
  const findings = [...explainErrors(errors, document, places), ...ofSensors]
  const broken = brokenKeys(errors)
  if (!broken) return findings
  if (ofSensors.length > 0) broken.add('sensors')
  // Of a broken part nothing can be said about how it fits the others.
  const sound = rules.filter(({ reads }) => !reads.some((key) => broken.has(key)))
  for (const rule of sound) findings.push(...rule.find(document as Config, folder))
  const isGood = findings.every(({ level }) => level === 'warning')
  return isGood ? [...findings, ...judge(withAbsolutePaths(document as Config, folder))] : findings
}

interface Rule {
  /** The top-level keys that must be sound before it can be judged. */
  readonly reads: readonly (keyof Config)[]
  find(config: Config, folder: string): Iterable<Finding>
}

const rules: readonly Rule[] = [
  { reads: ['store'], find: ({ store }) => storeFindings(store) },
  { reads: ['store'], find: ({ store }) => openingFindings(store.opening) },
  { reads: ['controller', 'store'], find: ({ controller, store }) => controllerFindings(controller, store.country) },
  { reads: ['zones'], find: ({ zones }) => twiceFindings('zones', zones) },
  { reads: ['sensors'], find: ({ sensors }) => twiceFindings('sensors', sensors) },
  { reads: ['purposes'], find: ({ purposes }) => twiceFindings('purposes', purposes) },
  { reads: ['sensors', 'zones'], find: ({ sensors, zones }) => zoneFindings(sensors, zones) },
  { reads: ['sensors'], find: ({ sensors }) => sensorFindings(sensors) },
  { reads: ['beacons'], find: ({ beacons }) => twiceFindings('beacons', beacons) },
  { reads: ['beacons'], find: ({ beacons }) => beaconFindings(beacons) },
  { reads: ['beacons', 'sensors'], find: ({ beacons, sensors }) => unheardFindings(beacons, sensors) },
  {
    reads: ['purposes', 'controller', 'store'],
    find: ({ purposes, controller, store }) => purposeFindings(purposes, controller, store.languages),
  },
  { reads: ['retention'], find: ({ retention }) => retentionFindings(retention) },
  { reads: ['upstream'], find: ({ upstream }) => upstreamFindings(upstream) },
  { reads: ['web'], find: ({ web }) => webFindings(web) },
  { reads: ['upstream', 'web', 'privacy'], find: fileFindings },
  { reads: ['privacy', 'sensors'], find: ({ privacy, sensors }) => profileFindings(privacy, sensors) },
  { reads: ['privacy', 'zones'], find: ({ privacy, zones }) => wholeShopFindings(privacy, zones) },
  { reads: ['privacy', 'purposes'], find: ({ privacy, purposes }) => visitorsFindings(privacy, purposes) },
]

function* fileFindings(config: Config, folder: string): Generator<Finding> {
  const { upstream, web, privacy } = withAbsolutePaths(config, folder)
  const files = [
    { path: ['upstream', 'ca'], file: upstream.ca, label: 'CERTIFICATE' },
    { path: ['upstream', 'cert'], file: upstream.cert, label: 'CERTIFICATE' },
    { path: ['upstream', 'key'], file: upstream.key, label: 'PRIVATE KEY' },
    { path: ['web', 'certificate', 'cert'], file: web.certificate?.cert, label: 'CERTIFICATE' },
    { path: ['web', 'certificate', 'key'], file: web.certificate?.key, label: 'PRIVATE KEY' },
  ] as const
  yield* pemFindings(files)
  const assessment = privacy.phones?.assessment
  // Where phones are counted it is read as well, once the policy is known.
  if (assessment && privacy.profile !== 'phones' && !existsSync(assessment)) {
    yield problem(
      ['privacy', 'phones', 'assessment'],
      `${display(assessment, [])}: it does not exist.`,
      'Name the signed file.',
    )
  }
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const { upstream, web, privacy } = config
  const absolute = absoluteIn(folder)
  return {
    ...absolute(config, 'data'),
    upstream: absolute(upstream, 'ca', 'cert', 'key'),
    web: web.certificate ? { ...web, certificate: absolute(web.certificate, 'cert', 'key') } : web,
    privacy: privacy.phones ? { ...privacy, phones: absolute(privacy.phones, 'assessment') } : privacy,
  }
}
