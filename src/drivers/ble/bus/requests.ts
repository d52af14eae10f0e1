import { GatewayError } from '../../../base/errors.ts'
import { type Answer, bus, type Connection, errorName, nothing } from './connection.ts'
import { align, ascii, closeArray, openArray, readBoolean, readSignature, readText, textIs } from './cursor.ts'
import type { Message } from './message.ts'
import { appPath } from './monitor-app.ts'
import type { Owner } from './owner.ts'
import { skipVariantValue } from './skip.ts'
import { putText } from './writer.ts'

const bluez = 'org.bluez'
const monitorManager = 'org.bluez.AdvertisementMonitorManager1'
const properties = 'org.freedesktop.DBus.Properties'

/** All that we ask the bus to send us. */
export function matchRules(adapter: string): string[] {
  return [
    `type='signal',sender='${bluez}',interface='org.freedesktop.DBus.ObjectManager'`,
    `type='signal',sender='${bluez}',interface='${properties}',path_namespace='/org/bluez/${adapter}'`,
    `type='signal',sender='${bus.destination}',interface='${bus.interface}',member='NameOwnerChanged',arg0='${bluez}'`,
  ]
}

/** Says hello, asks for the signals, and learns who BlueZ is. Throws DRIVER_BLUETOOTH_BUS. */
export async function listen(connection: Connection, adapter: string, owner: Owner): Promise<void> {
  const answers: Answer<true>[] = [await connection.ask({ target: { ...bus, member: 'Hello' }, read: nothing })]
  for (const rule of matchRules(adapter)) answers.push(await askBus(connection, 'AddMatch', rule, nothing))
  // After the rules: a BlueZ that comes in between is told of by a signal.
  const owned = await askBus(connection, 'GetNameOwner', bluez, (message) => readOwner(message, owner))
  const isGone = !owned.isOk && (owned.error === errorName.disconnected || owned.error === errorName.noReply)
  if (!isGone && answers.every(({ isOk }) => isOk)) return
  connection.close()
  throw new GatewayError('DRIVER_BLUETOOTH_BUS', 'It does not let this service listen.')
}

/** Any other answer than a name means that nobody has it. */
function readOwner(message: Message, owner: Owner): true {
  readText(message)
  if (!message.isBroken) owner.set(message.bytes, message.textAt, message.textLength)
  return true
}

function askBus<T>(connection: Connection, member: string, text: string, read: (message: Message) => T | undefined) {
  return connection.ask({ target: { ...bus, member }, signature: 's', body: (writer) => putText(writer, text), read })
}

export interface AdapterCalls {
  call(path: string, interfaceName: string, member: string): Promise<Answer<true>>
  getBoolean(property: string): Promise<Answer<boolean>>
  hasMonitorManager(): Promise<boolean>
  registerMonitor(): Promise<Answer<true>>
  unregisterMonitor(): Promise<Answer<true>>
}

/** What the reader asks of the adapter; none of it holds an address. */
export function adapterCalls(connection: Connection, adapter: string): AdapterCalls {
  const path = `/org/bluez/${adapter}`

  function tellManager(member: string): Promise<Answer<true>> {
    return connection.ask({
      target: { destination: bluez, path, interface: monitorManager, member },
      signature: 'o',
      body: (writer) => putText(writer, appPath),
      read: nothing,
    })
  }

  return {
    call: (at, interfaceName, member) =>
      connection.ask({ target: { destination: bluez, path: at, interface: interfaceName, member }, read: nothing }),
    getBoolean: (property) =>
      connection.ask({
        target: { destination: bluez, path, interface: properties, member: 'Get' },
        signature: 'ss',
        body: (writer) => {
          putText(writer, 'org.bluez.Adapter1')
          putText(writer, property)
        },
        read: readBooleanVariant,
      }),
    async hasMonitorManager() {
      const answer = await connection.ask({
        target: { destination: bluez, path, interface: properties, member: 'GetAll' },
        signature: 's',
        body: (writer) => putText(writer, monitorManager),
        read: readMonitorTypes,
      })
      return answer.isOk && answer.value
    },
    registerMonitor: () => tellManager('RegisterMonitor'),
    unregisterMonitor: () => tellManager('UnregisterMonitor'),
  }
}

const words = {
  bool: ascii('b'),
  texts: ascii('as'),
  supported: ascii('SupportedMonitorTypes'),
  orPatterns: ascii('or_patterns'),
}

function readBooleanVariant(message: Message): boolean | undefined {
  readSignature(message)
  return textIs(message, words.bool) ? readBoolean(message) : undefined
}

/** Reads a{sv}: do the types of monitor include patterns? */
function readMonitorTypes(message: Message): boolean {
  let isSupported = false
  const end = openArray(message, 8)
  while (message.at < end) {
    align(message, 8)
    readText(message)
    const isTypes = textIs(message, words.supported)
    readSignature(message)
    if (isTypes && textIs(message, words.texts)) isSupported = readHasPatterns(message)
    else skipVariantValue(message)
  }
  closeArray(message, end)
  return isSupported
}

function readHasPatterns(message: Message): boolean {
  let isSupported = false
  const end = openArray(message, 4)
  while (message.at < end) {
    readText(message)
    isSupported ||= textIs(message, words.orPatterns)
  }
  closeArray(message, end)
  return isSupported
}
