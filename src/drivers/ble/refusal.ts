import { GatewayError } from '../../base/errors.ts'

/** Why a radio cannot be heard just now. */
export type Refusal =
  | 'no-bus'
  | 'no-bluez'
  | 'no-adapter'
  | 'blocked'
  | 'denied'
  | 'busy'
  | 'no-answer'
  | 'deaf'
  | 'failed'

/** A refusal on its way to whoever tries again. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal)
    this.refusal = refusal
  }
}

const known: readonly (readonly [RegExp, Refusal])[] = [
  [/rfkill|Blocked/i, 'blocked'],
  [/NotReady|InProgress|Busy/i, 'busy'],
  [/AccessDenied|NotAuthorized|NotPermitted/i, 'denied'],
  [/ServiceUnknown|NameHasNoOwner|NoReply|Disconnected|Spawn/i, 'no-bluez'],
  [/UnknownObject|Adapter not found|interface not found|UnknownMethod|UnknownInterface/i, 'no-adapter'],
  [/closed stream|ECONN|EPIPE|ENOENT|EACCES/i, 'no-bus'],
]

/** What an error of BlueZ, D-Bus or the socket means. Its text is searched for known words only and goes nowhere. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal
  if (error instanceof GatewayError) return error.code === 'DRIVER_BLUETOOTH_BUS' ? 'no-bus' : 'failed'
  if (!(error instanceof Error)) return 'failed'
  const type = 'type' in error ? String(error.type) : ''
  return refusalOfText(`${type} ${error.message}`)
}

/** The same for the name of an error of D-Bus, such as 'org.bluez.Error.InProgress'. */
export function refusalOfText(text: string): Refusal {
  return known.find(([words]) => words.test(text))?.[1] ?? 'failed'
}

/** One sentence for staff, with what to do. */
export function reasonOf(refusal: Refusal, adapter: string): string {
  switch (refusal) {
    case 'no-bus':
      return 'The system bus (D-Bus) cannot be reached: start dbus.service.'
    case 'no-bluez':
      return 'BlueZ does not run: start bluetooth.service.'
    case 'no-adapter':
      return `There is no Bluetooth adapter ${adapter}: plug it in, or name another one in the configuration.`
    case 'blocked':
      return `${adapter} is switched off by a radio switch: say "rfkill unblock bluetooth".`
    case 'denied':
      return 'BlueZ does not let this user scan: install the policy file systemd/dbus-1/drempel.conf.'
    case 'busy':
      return `BlueZ is not ready to scan with ${adapter}: it is tried again.`
    case 'no-answer':
      return 'BlueZ does not answer: it is tried again; if that lasts, restart bluetooth.service.'
    case 'deaf':
      return `${adapter} scans, but does not hear the shop's own beacons any more: it is set up anew.`
    case 'failed':
      return `BlueZ could not scan with ${adapter}: it is tried again.`
  }
}
