import { type EventEmitter, once } from 'node:events'
import { Message, type MessageBus, sessionBus, Variant } from 'dbus-next'

/** What a monitor of ours watches for: offset, AD type, bytes. */
export type Pattern = readonly [number, number, Buffer]

export interface Signal {
  readonly member: string
  readonly path: string
  readonly body: readonly unknown[]
}

/** A client of org.bluez that is not our driver: plain messages by dbus-next. */
export interface Client {
  /** Unique name on the bus. */
  readonly name: string
  readonly signals: readonly Signal[]
  /** What was called on our monitors, as 'Activate /m/0'. */
  readonly told: readonly string[]
  call(path: string, member: string, signature?: string, ...body: unknown[]): Promise<readonly unknown[]>
  introspect(path: string): Promise<unknown>
  /** Waits until one of the signals fits and gives it. */
  signal(fits: (signal: Signal) => boolean): Promise<Signal>
  /** Registers monitors under `path`, one a list of patterns. Fields replace those of every monitor. */
  watch(path: string, monitors: readonly (readonly Pattern[])[], fields?: Record<string, unknown>): Promise<void>
  untilTold(text: string): Promise<void>
  close(): void
}

const objectManager = 'org.freedesktop.DBus.ObjectManager'
const properties = 'org.freedesktop.DBus.Properties'

/** Hears all that org.bluez says on the bus at `address`. */
export async function openClient(address: string): Promise<Client> {
  const bus = sessionBus({ busAddress: address })
  // Its types do not know it, but it emits this too.
  const emitter: EventEmitter = bus
  emitter.on('error', () => {})
  await once(bus, 'connect')
  const signals: Signal[] = []
  const told: string[] = []
  const managed = new Map<string, Record<string, unknown>>()
  const changed = waitable()

  bus.on('message', (message: Message) => {
    if (message.type !== 4 || message.sender === 'org.freedesktop.DBus') return
    signals.push({ member: message.member, path: message.path, body: message.body })
    changed.wake()
  })
  bus.addMethodHandler((message) => {
    const answer = answerOf(message, managed)
    if (answer === undefined) return false
    if (message.interface === 'org.bluez.AdvertisementMonitor1') told.push(`${message.member} ${message.path}`)
    if (answer !== null) bus.send(answer)
    changed.wake()
    return true
  })
  await addMatch(bus, "type='signal',sender='org.bluez'")

  const call: Client['call'] = async (path, member, signature = '', ...body) => {
    const message = { destination: 'org.bluez', path, interface: interfaceOf(member), member, signature, body }
    return (await bus.call(new Message(message)))!.body
  }

  return {
    name: bus.name!,
    signals,
    told,
    call,
    introspect: async (path) => (await call(path, 'Introspect'))[0],
    signal: (fits) => changed.until(() => signals.find(fits)),
    async watch(path, monitors, fields = {}) {
      for (const [index, patterns] of monitors.entries()) managed.set(`${path}/${index}`, monitorOf(patterns, fields))
      await call('/org/bluez/hci0', 'RegisterMonitor', 'o', path)
    },
    async untilTold(text) {
      await changed.until(() => told.includes(text) || undefined)
    },
    close: () => bus.disconnect(),
  }
}

function interfaceOf(member: string): string {
  if (member === 'GetManagedObjects') return objectManager
  if (member === 'Introspect') return 'org.freedesktop.DBus.Introspectable'
  if (['Get', 'GetAll', 'Set'].includes(member)) return properties
  if (member.endsWith('Monitor')) return 'org.bluez.AdvertisementMonitorManager1'
  return member.endsWith('Advertisement') ? 'org.bluez.LEAdvertisingManager1' : 'org.bluez.Adapter1'
}

function monitorOf(patterns: readonly Pattern[], fields: Record<string, unknown>): Record<string, unknown> {
  return { Type: new Variant('s', 'or_patterns'), Patterns: new Variant('a(yyay)', patterns), ...fields }
}

/** undefined: not for us; null: no reply is wanted. */
function answerOf(message: Message, managed: ReadonlyMap<string, Record<string, unknown>>): Message | null | undefined {
  if (message.member === 'GetManagedObjects') {
    const objects = Object.fromEntries(
      [...managed].map(([path, fields]) => [path, { 'org.bluez.AdvertisementMonitor1': fields }]),
    )
    return Message.newMethodReturn(message, 'a{oa{sa{sv}}}', [objects])
  }
  if (message.member === 'GetAll' && message.path === '/advertisement') {
    const fields = {
      Type: new Variant('s', 'broadcast'),
      ServiceData: new Variant('a{sv}', { feaa: new Variant('ay', Buffer.from('1000036578616d706c6507', 'hex')) }),
    }
    return Message.newMethodReturn(message, 'a{sv}', [fields])
  }
  return message.interface === 'org.bluez.AdvertisementMonitor1' ? null : undefined
}

async function addMatch(bus: MessageBus, rule: string): Promise<void> {
  const destination = 'org.freedesktop.DBus'
  const call = { destination, path: '/org/freedesktop/DBus', interface: destination, member: 'AddMatch' }
  await bus.call(new Message({ ...call, signature: 's', body: [rule] }))
}

function waitable() {
  let wakers: (() => void)[] = []
  async function until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      const { promise, resolve } = Promise.withResolvers<void>()
      wakers.push(resolve)
      await promise
    }
  }
  function wake(): void {
    const woken = wakers
    wakers = []
    for (const waker of woken) waker()
  }
  return { until, wake }
}
