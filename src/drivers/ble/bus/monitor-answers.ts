import { pad, putArray, putByte, putLong, putShort, putSignature, putText, type Writer } from './writer.ts'

/** What an advert must hold for the monitor to hear it: `content` at `start` of an AD structure of that type. */
export interface Pattern {
  /** Place in the structure after its type, bytes. */
  readonly start: number
  readonly type: number
  readonly content: Uint8Array
}

export const monitorInterface = 'org.bluez.AdvertisementMonitor1'
/** Every advert is told; else BlueZ would tell of a device once until it is lost. */
const samplingPeriod = 0

/** The properties of a monitor. Thresholds of RSSI are left out: that means none. */
export const monitorProperties = ['Type', 'Patterns', 'RSSISamplingPeriod'] as const
export type MonitorProperty = (typeof monitorProperties)[number]

/** A property as a variant. */
export function putProperty(writer: Writer, name: MonitorProperty, patterns: readonly Pattern[]): void {
  if (name === 'Type') {
    putSignature(writer, 's')
    putText(writer, 'or_patterns')
  } else if (name === 'RSSISamplingPeriod') {
    putSignature(writer, 'q')
    putShort(writer, samplingPeriod)
  } else putPatterns(writer, patterns)
}

function putPatterns(writer: Writer, patterns: readonly Pattern[]): void {
  putSignature(writer, 'a(yyay)')
  putArray(writer, 8, () => {
    for (const { start, type, content } of patterns) {
      pad(writer, 8)
      putByte(writer, start)
      putByte(writer, type)
      putLong(writer, content.length)
      for (const byte of content) putByte(writer, byte)
    }
  })
}

/** All properties of a monitor: a{sv}. */
export function putProperties(writer: Writer, patterns: readonly Pattern[]): void {
  putArray(writer, 8, () => {
    for (const name of monitorProperties) {
      pad(writer, 8)
      putText(writer, name)
      putProperty(writer, name, patterns)
    }
  })
}

/** The answer to GetManagedObjects: a{oa{sa{sv}}}. */
export function putMonitors(writer: Writer, monitors: ReadonlyMap<string, readonly Pattern[]>): void {
  putArray(writer, 8, () => {
    for (const [path, patterns] of monitors) {
      pad(writer, 8)
      putText(writer, path)
      putArray(writer, 8, () => {
        pad(writer, 8)
        putText(writer, monitorInterface)
        putProperties(writer, patterns)
      })
    }
  })
}

/** What stands at a path, for Introspect. */
export function introspection(isMonitor: boolean, children: readonly string[]): string {
  const own = isMonitor
    ? `<interface name="${monitorInterface}"><method name="Release"/><method name="Activate"/>${[
        'DeviceFound',
        'DeviceLost',
      ]
        .map((name) => `<method name="${name}"><arg type="o" direction="in"/></method>`)
        .join(
          '',
        )}<property name="Type" type="s" access="read"/><property name="Patterns" type="a(yyay)" access="read"/>` +
      '<property name="RSSISamplingPeriod" type="q" access="read"/></interface>'
    : '<interface name="org.freedesktop.DBus.ObjectManager"><method name="GetManagedObjects">' +
      '<arg type="a{oa{sa{sv}}}" direction="out"/></method></interface>'
  return `<node>${own}${children.map((name) => `<node name="${name}"/>`).join('')}</node>`
}
