import { ascii, isAt, readText, textIs } from './cursor.ts'
import { type Message, messageFlag, type Span } from './message.ts'
import {
  introspection,
  type MonitorProperty,
  monitorInterface,
  monitorProperties,
  type Pattern,
  putMonitors,
  putProperties,
  putProperty,
} from './monitor-answers.ts'
import { type AnswerTarget, putText, startAnswer, startError, type Writer } from './writer.ts'

/** Where BlueZ finds our monitors. */
export const appPath = '/drempel'
// The kernel takes 16, but BlueZ (5.66, and versions to 2026) counts the bytes of a monitor in eight bits: an eighth
// pattern overwrites its memory, and it dies (bluez/bluez#2398).
const mostPatterns = 7
// The kernel takes 32 of all programs together.
const mostMonitors = 20
/** Bytes of a pattern, as BlueZ takes them. */
const longestContent = 31

export interface MonitorEars {
  readonly activated: () => void
  readonly released: () => void
}

/** The objects that BlueZ reads what to listen for from, and calls (org.bluez.AdvertisementMonitor1). */
export interface MonitorApp {
  /** Replaces the monitors: one for each 7 patterns. False, and nothing changes, when BlueZ could not take them. */
  show(patterns: readonly Pattern[]): boolean
  /** Answers a call with `tell`. Calls of a monitor count only from BlueZ itself. */
  answer(message: Message, isBlueZ: boolean): void
}

type Tell = (start: (writer: Writer, serial: number) => void) => void
type Handler = (message: Message, patterns: readonly Pattern[] | undefined) => Reply | undefined

interface Reply {
  readonly signature?: string
  readonly body?: (writer: Writer) => void
}

const unknownMethod = 'org.freedesktop.DBus.Error.UnknownMethod'
const propertyNames: readonly (readonly [Uint8Array, MonitorProperty])[] = monitorProperties.map((name) => [
  ascii(name),
  name,
])
const monitorName = ascii(monitorInterface)
const done = (): Reply => ({})

export function createMonitorApp(tell: Tell, ears: MonitorEars): MonitorApp {
  const monitors = new Map<string, readonly Pattern[]>()

  const forAll: readonly Method[] = [
    method('org.freedesktop.DBus.Peer', 'Ping', done),
    method('org.freedesktop.DBus.Introspectable', 'Introspect', (_message, patterns) => {
      const children = patterns ? [] : [...monitors.keys()].map((path) => path.slice(appPath.length + 1))
      const xml = introspection(patterns !== undefined, children)
      return { signature: 's', body: (writer) => putText(writer, xml) }
    }),
    method('org.freedesktop.DBus.ObjectManager', 'GetManagedObjects', (_message, patterns) => {
      if (patterns) return undefined
      return { signature: 'a{oa{sa{sv}}}', body: (writer) => putMonitors(writer, monitors) }
    }),
    method('org.freedesktop.DBus.Properties', 'GetAll', (message, patterns) => {
      if (!patterns || !asksForMonitor(message)) return undefined
      return { signature: 'a{sv}', body: (writer) => putProperties(writer, patterns) }
    }),
    method('org.freedesktop.DBus.Properties', 'Get', (message, patterns) => {
      const name = asksForMonitor(message) ? askedProperty(message) : undefined
      if (!patterns || !name) return undefined
      return { signature: 'v', body: (writer) => putProperty(writer, name, patterns) }
    }),
  ]
  // DeviceFound and DeviceLost name a device. The adverts tell more, so what they say is not read.
  const forBlueZ: readonly Method[] = [
    ...['DeviceFound', 'DeviceLost'].map((name) => method(monitorInterface, name, ofMonitor(done))),
    method(
      monitorInterface,
      'Activate',
      ofMonitor(() => told(ears.activated)),
    ),
    method(
      monitorInterface,
      'Release',
      ofMonitor(() => told(ears.released)),
    ),
  ]

  function told(ear: () => void): Reply {
    ear()
    return {}
  }

  function patternsAt(message: Message): readonly Pattern[] | 'app' | undefined {
    const { bytes, path } = message
    if (isAt(bytes, path.at, path.length, appBytes)) return 'app'
    for (const [name, patterns] of monitors) if (isAt(bytes, path.at, path.length, ascii(name))) return patterns
    return undefined
  }

  function replyTo(message: Message, isBlueZ: boolean): Reply | undefined {
    const place = patternsAt(message)
    if (!place) return undefined
    const methods = isBlueZ ? [...forAll, ...forBlueZ] : forAll
    const found = methods.find((one) => isCallOf(message, one))
    return found?.handle(message, place === 'app' ? undefined : place)
  }

  return {
    show(patterns) {
      if (patterns.length > mostMonitors * mostPatterns) return false
      if (patterns.some(({ content }) => content.length > longestContent)) return false
      monitors.clear()
      for (let from = 0; from < patterns.length; from += mostPatterns) {
        monitors.set(`${appPath}/monitor${from / mostPatterns}`, patterns.slice(from, from + mostPatterns))
      }
      return true
    },
    answer(message, isBlueZ) {
      const reply = replyTo(message, isBlueZ)
      if (message.flags & messageFlag.noReply) return
      const to = targetOf(message)
      tell((writer, serial) => {
        if (!reply || message.isBroken) return startError(writer, serial, to, unknownMethod)
        startAnswer(writer, serial, to, reply.signature)
        reply.body?.(writer)
      })
    },
  }
}

const appBytes = ascii(appPath)

interface Method {
  readonly interface: Uint8Array
  readonly member: Uint8Array
  readonly handle: Handler
}

function method(name: string, member: string, handle: Handler): Method {
  return { interface: ascii(name), member: ascii(member), handle }
}

/** Calls that only a monitor takes, not the application. */
function ofMonitor(reply: () => Reply): Handler {
  return (_message, patterns) => (patterns ? reply() : undefined)
}

/** A call need not name an interface. */
function isCallOf(message: Message, { interface: name, member }: Method): boolean {
  const { bytes, interface: called } = message
  const isInterface = called.length === 0 || isAt(bytes, called.at, called.length, name)
  return isInterface && isAt(bytes, message.member.at, message.member.length, member)
}

const texts = { one: ascii('s'), two: ascii('ss') }

function asksForMonitor(message: Message): boolean {
  const { bytes, signature } = message
  const hasText =
    isAt(bytes, signature.at, signature.length, texts.one) || isAt(bytes, signature.at, signature.length, texts.two)
  if (!hasText) return false
  readText(message)
  return textIs(message, monitorName)
}

function askedProperty(message: Message): MonitorProperty | undefined {
  readText(message)
  return propertyNames.find(([bytes]) => textIs(message, bytes))?.[1]
}

function targetOf({ bytes, sender, serial }: Message): AnswerTarget {
  const { at, length }: Span = sender
  return { bytes, senderAt: at, senderLength: length, serial }
}
