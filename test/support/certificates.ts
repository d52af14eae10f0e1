import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of a certificate and its private key, PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  readonly folder: string
  /** The authority that signed broker, box and expired. */
  readonly ca: string
  /** Of a broker on 127.0.0.1. */
  readonly broker: Pair
  readonly expiredBroker: Pair
  /** Of another host. */
  readonly otherBroker: Pair
  readonly box: Pair
  readonly expiredBox: Pair
  /** An authority that nobody here trusts, and a box that it signed. */
  readonly strangerCa: string
  readonly strangerBox: Pair
}

/** Makes an authority, a broker and boxes with openssl, in a new folder of the system's temporary one. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-certificates-'))
  const authority = (name: string) => selfSigned(folder, name)
  const ca = authority('authority')
  const stranger = authority('stranger')
  const pair = (name: string, by: Pair, options: Partial<Request> = {}) => signed(folder, name, by, options)
  return {
    folder,
    ca: ca.cert,
    broker: pair('broker', ca, { host: 'IP:127.0.0.1,DNS:localhost' }),
    expiredBroker: pair('expired-broker', ca, { host: 'IP:127.0.0.1', days: -1 }),
    otherBroker: pair('other-broker', ca, { host: 'DNS:elsewhere.example' }),
    box: pair('gw-1', ca),
    expiredBox: pair('expired-gw-1', ca, { days: -1 }),
    strangerCa: stranger.cert,
    strangerBox: pair('stranger-gw-1', stranger),
  }
}

interface Request {
  /** subjectAltName */
  readonly host: string
  readonly days: number
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}

function selfSigned(folder: string, name: string): Pair {
  const { cert, key } = paths(folder, name)
  openssl('req', '-x509', ...curve, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`, '-days', '30')
  return { cert, key }
}

function signed(folder: string, name: string, by: Pair, { host, days = 30 }: Partial<Request>): Pair {
  const { cert, key } = paths(folder, name)
  const request = join(folder, `${name}.csr`)
  openssl('req', ...curve, '-keyout', key, '-out', request, '-subj', `/CN=${name}`)
  const extensions = join(folder, `${name}.ext`)
  writeFileSync(extensions, host ? `subjectAltName=${host}\n` : 'basicConstraints=CA:FALSE\n')
  const authority = ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial', '-extfile', extensions]
  openssl('x509', '-req', '-in', request, ...authority, '-days', String(days), '-out', cert)
  return { cert, key }
}

function paths(folder: string, name: string): Pair {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
}
