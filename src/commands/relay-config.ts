import { dirname, resolve } from 'node:path'
import { type Static, Type } from 'typebox'
import { createValidator, keyPlaces, toDraft2020 } from '../base/json-schema.ts'
import { type Finding, type Problem, problem, problemOf } from '../base/problem.ts'
import { explainErrors } from '../base/schema-errors.ts'
import { absoluteIn, pemFindings } from '../base/text-file.ts'
import { readYaml } from '../base/yaml-source.ts'
import { invalid, readConfigText } from '../config.ts'
import { idOf } from '../privacy/store-settings.ts'
import { isLoopback, upstreamFindings, upstreamSchema } from '../uplink/settings.ts'
import { addressOf, parseAddress } from '../web/settings.ts'

/** The configuration of `drempel relay`: a file of its own, since it runs at head office and knows no shop. */

const closed = { additionalProperties: false }

const relaySchema = Type.Object(
  {
    organisation: idOf('Id of the chain'),
    address: Type.String({
      pattern: '^https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$',
      description: 'Where shoppers reach it: https:// and a name, such as https://shops.acme.example.',
    }),
    listen: addressOf('0.0.0.0:8443', 'Where it listens'),
    certificate: Type.Optional(
      Type.Object(
        {
          cert: Type.String({ minLength: 1, description: 'Certificate (PEM) of the address.' }),
          key: Type.String({ minLength: 1, description: 'Private key (PEM) of that certificate.' }),
        },
        { ...closed, description: 'Left out only where it listens on this machine alone.' },
      ),
    ),
    proxies: Type.Array(Type.String({ pattern: '^[0-9A-Fa-f:.]{2,45}$' }), {
      maxItems: 16,
      default: [],
      description: 'IP addresses of reverse proxies that end TLS before it.',
    }),
    upstream: upstreamSchema,
    data: Type.String({
      minLength: 1,
      default: '/var/lib/drempel-relay',
      description: 'Folder of what it must not lose.',
    }),
  },
  { ...closed, description: 'The configuration of the relay.' },
)

/** Checked, with defaults and absolute paths. */
export type RelayConfig = Static<typeof relaySchema>

const schema = toDraft2020(relaySchema)

/** Reads and checks the relay's configuration. @throws CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadRelayConfig(file: string): RelayConfig {
  const read = readRelayConfig(readConfigText(file), file)
  if ('config' in read) return read.config
  throw invalid(file, read.problems)
}

/** Checks the text; `file` says what its paths are relative to. Never throws. */
export function readRelayConfig(text: string, file: string): { config: RelayConfig } | { problems: Problem[] } {
  const source = readYaml(text)
  if ('problems' in source) return source
  const document: unknown = structuredClone(source.value)
  const validate = createValidator(schema)
  validate(document)
  const errors = explainErrors(validate.errors ?? [], document, keyPlaces(schema))
  const config = errors.length > 0 ? undefined : withAbsolutePaths(document as RelayConfig, dirname(resolve(file)))
  const findings = config ? [...rules(config)].filter(({ level }) => level === 'problem') : errors
  if (config && findings.length === 0) return { config }
  const place = (finding: Finding) => source.locate(finding.path, finding.hidesValue)
  return { problems: findings.map((finding) => problemOf(finding, document, place(finding))) }
}

function* rules({ listen, certificate, upstream }: RelayConfig): Generator<Finding> {
  yield* upstreamFindings(upstream)
  const { host, port } = parseAddress(listen)
  if (port > 65_535) yield problem(['listen'], 'A port is at most 65535.', 'Use a port from 1 to 65535.')
  if (!certificate && !isLoopback(host)) {
    const fix = 'Add certificate: { cert, key }, or listen on 127.0.0.1 behind a proxy that ends TLS.'
    yield problem(['certificate'], 'It is required: what shoppers type must not be readable on the way.', fix)
  }
  yield* pemFindings([
    { path: ['certificate', 'cert'], file: certificate?.cert, label: 'CERTIFICATE' },
    { path: ['certificate', 'key'], file: certificate?.key, label: 'PRIVATE KEY' },
    { path: ['upstream', 'ca'], file: upstream.ca, label: 'CERTIFICATE' },
    { path: ['upstream', 'cert'], file: upstream.cert, label: 'CERTIFICATE' },
    { path: ['upstream', 'key'], file: upstream.key, label: 'PRIVATE KEY' },
  ])
}

function withAbsolutePaths(config: RelayConfig, folder: string): RelayConfig {
  const absolute = absoluteIn(folder)
  const { certificate, upstream } = config
  return {
    ...absolute(config, 'data'),
    upstream: absolute(upstream, 'ca', 'cert', 'key'),
    ...(certificate ? { certificate: absolute(certificate, 'cert', 'key') } : {}),
  }
}
