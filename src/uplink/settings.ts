import { type Static, Type } from 'typebox'
import { type Finding, problem, warning } from '../base/problem.ts'

/** Where head office listens. Paths of files are relative to the configuration. */
export const upstreamSchema = Type.Object(
  {
    url: Type.String({
      pattern: '^mqtts?://',
      maxLength: 300,
      description: 'The broker: mqtts://host:port, or mqtt:// for one on this machine.',
    }),
    ca: Type.Optional(
      Type.String({ minLength: 1, description: 'Certificate (PEM) of who signed that of the broker.' }),
    ),
    cert: Type.Optional(
      Type.String({ minLength: 1, description: 'Certificate (PEM) by which the broker knows this box.' }),
    ),
    key: Type.Optional(Type.String({ minLength: 1, description: 'Private key (PEM) of that certificate.' })),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Name at the broker.' })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Password at the broker.' })),
  },
  { additionalProperties: false, description: 'The broker that everything is sent to.' },
)

export type UpstreamSettings = Static<typeof upstreamSchema>

/** Is this host the machine itself? Brackets of an IPv6 address are allowed. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase()
  return plain === 'localhost' || plain.endsWith('.localhost') || plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain)
}

/** What a schema cannot say of the broker's address and what opens it. */
export function* upstreamFindings(upstream: UpstreamSettings): Generator<Finding> {
  const example = 'Write it as mqtts://broker.example:8883.'
  const url = URL.parse(upstream.url)
  if (!url?.hostname) {
    yield problem(['upstream', 'url'], 'It is not an address with a host and a valid port.', example)
    return
  }
  if (url.username || url.password) {
    const fix = 'Move them to upstream.username and upstream.password: an address is shown on pages and in logs.'
    yield problem(['upstream', 'url'], 'It holds a name or password.', fix)
  }
  if ((url.pathname !== '' && url.pathname !== '/') || url.search || url.hash) {
    yield problem(['upstream', 'url'], 'It goes on after the port.', `Leave that out. ${example}`)
  }
  yield* encryptionFindings(upstream, url)
  yield* pairFindings(upstream)
}

function* encryptionFindings(upstream: UpstreamSettings, { protocol, hostname }: URL): Generator<Finding> {
  if (protocol === 'mqtts:') return
  const fix = 'Use mqtts://, and upstream.ca where the broker has a certificate of your own.'
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (upstream[name])
      yield problem(['upstream', name], 'It has no meaning for mqtt://.', 'Use mqtts://, or take it out.')
  }
  if (isLoopback(hostname)) return
  const also = upstream.password ? ', and the password is readable on the way' : ''
  yield warning(['upstream', 'url'], `What is sent there is not encrypted${also}.`, fix)
}

function* pairFindings({ cert, key, username, password }: UpstreamSettings): Generator<Finding> {
  if (cert && !key) yield problem(['upstream', 'key'], 'It is required beside cert.', 'Add the private key of cert.')
  if (key && !cert) yield problem(['upstream', 'cert'], 'It is required beside key.', 'Add the certificate of key.')
  if (password && !username) {
    yield problem(['upstream', 'username'], 'It is required beside password.', 'Add the name that the broker knows.')
  }
}
