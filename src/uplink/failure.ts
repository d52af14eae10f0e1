import { GatewayError } from '../base/errors.ts'
import type { Loss } from './courier-words.ts'

/** What the network said when a connection could not be made or ended. */
export interface Cause {
  /** Of the socket or of TLS, such as ECONNREFUSED. */
  readonly code?: string
  /** Of CONNACK or DISCONNECT. */
  readonly reason?: number
  /** Was it up? */
  readonly wasConnected: boolean
}

export interface Failure {
  readonly why: Loss
  /** One sentence for staff, and what to do. */
  readonly error: GatewayError
}

/** Says what a failed or ended connection means. Pure; quotes nothing that the other side wrote. */
export function explainFailure({ code, reason, wasConnected }: Cause): Failure {
  if (reason !== undefined) return explainReason(reason, wasConnected)
  if (wasConnected) return { why: 'network', error: new GatewayError('UPLINK_CONNECTION_LOST', code && `(${code})`) }
  if (code !== undefined && !/^(ECONNRESET|EPIPE)$/.test(code)) return explainCode(code)
  // What some brokers do with a version of MQTT that they do not know.
  const error = new GatewayError('UPLINK_BROKER_REFUSED', 'It hung up without a word.', { fix: checkBoth })
  return { why: 'protocol', error }
}

const checkBoth = 'Check mqtt:// or mqtts:// and the port in upstream.url, and the log of the broker.'
const checkAccount = 'Check the names, the password and the certificate of this box at the broker.'

/** CONNACK codes of MQTT 3.1.1 (3.2.2.3) and reason codes of MQTT 5 (3.2.2.2, 3.14.2.1). */
function explainReason(reason: number, wasConnected: boolean): Failure {
  const refused = (detail: string, fix: string): Failure => ({
    why: 'refused',
    error: new GatewayError('UPLINK_BROKER_REFUSED', `${detail} (reason ${reason}).`, { fix }),
  })
  switch (reason) {
    case 1:
    case 0x81:
    case 0x82:
    case 0x84:
      if (wasConnected) break
      return { ...refused('It does not speak this version of MQTT', 'Nothing: the other is tried.'), why: 'protocol' }
    case 2:
    case 4:
    case 5:
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x8a:
    case 0x8c:
      return refused('It does not let this box in', checkAccount)
    case 0x8e:
      return refused('Another box with the same names connected', 'Give each box a gateway name of its own.')
    case 0x96:
    case 0x97:
    case 0x98:
    case 0x9f:
      return refused('It wants less from this box', 'Check the limits of the broker.')
  }
  const detail = `Reason ${reason}.`
  if (wasConnected) return { why: 'network', error: new GatewayError('UPLINK_CONNECTION_LOST', detail) }
  return { why: 'network', error: new GatewayError('UPLINK_BROKER_UNREACHABLE', detail, { fix: checkBoth }) }
}

function explainCode(code: string): Failure {
  const certificate = certificateTroubles.find(([pattern]) => pattern.test(code))
  const [, detail, fix] = certificate ?? networkTroubles.find(([pattern]) => pattern.test(code))!
  const row = certificate ? 'UPLINK_CERTIFICATE' : 'UPLINK_BROKER_UNREACHABLE'
  return { why: 'network', error: new GatewayError(row, `${detail} (${code}).`, { fix }) }
}

type Trouble = readonly [pattern: RegExp, detail: string, fix: string]

const certificateTroubles: readonly Trouble[] = [
  [/^CERT_HAS_EXPIRED$/, 'The certificate of the broker has expired', 'Renew it there; check the date of this box.'],
  [/^CERT_NOT_YET_VALID$/, 'The certificate of the broker is not valid yet', 'Check the date of this box.'],
  [
    /ALTNAME_INVALID/,
    'The certificate of the broker is for another host name',
    'Write the name that it is for in upstream.url.',
  ],
  [
    /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|CERT_CHAIN|INVALID_CA)/,
    'The certificate of the broker was not signed by the authority in upstream.ca',
    'Put the certificate of the authority that signed it there.',
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED/,
    'The broker wants a certificate of this box',
    'Name one with upstream.cert and upstream.key.',
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'The certificate of this box has expired', 'Renew upstream.cert.'],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REVOKED|ACCESS_DENIED|DECRYPT_ERROR|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE)/,
    'The broker does not accept the certificate of this box',
    'Have upstream.cert signed by the authority that the broker trusts.',
  ],
  [/^ERR_(SSL|TLS)_/, 'They found no common way to encrypt', 'Check that this port of the broker speaks TLS.'],
]

const networkTroubles: readonly Trouble[] = [
  [/^ECONNREFUSED$/, 'Nothing listens at that port', 'Check the port in upstream.url and that the broker runs.'],
  [/^(ENOTFOUND|EAI_)/, 'Its name was not found', 'Check the host in upstream.url and the name server of this shop.'],
  [/TIMEDOUT$/, 'It did not answer in time', 'Check the network of this shop and the firewall of the broker.'],
  [/UNREACH$/, 'There is no way to it', 'Check the network of this shop.'],
  [/./, 'The connection broke', 'Check the network of this shop.'],
]
