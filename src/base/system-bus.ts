import { GatewayError } from './errors.ts'

const usual = 'unix:path=/run/dbus/system_bus_socket'

/**
 * Where the system bus of D-Bus listens, in the order to try: paths for net.connect, with a leading NUL for those in the
 * abstract namespace. From DBUS_SYSTEM_BUS_ADDRESS, else the usual place. Throws DRIVER_BLUETOOTH_BUS.
 */
export function systemBusPaths(address: string = process.env.DBUS_SYSTEM_BUS_ADDRESS || usual): string[] {
  const parts = address.split(';').filter((part) => part !== '')
  if (parts.length === 0) throw unusable()
  return parts.map(pathOf)
}

// D-Bus Specification, "Server Addresses": transport:key=value,key=value with bytes escaped as %41.
function pathOf(address: string): string {
  const [transport, rest = ''] = splitOnce(address, ':')
  const keys = new Map(rest.split(',').map((pair) => splitOnce(pair, '=')))
  const [path, abstract] = [keys.get('path'), keys.get('abstract')]
  if (transport !== 'unix' || (!path && !abstract) || (path && abstract)) throw unusable()
  return path ? unescaped(path) : `\0${unescaped(abstract ?? '')}`
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw unusable()
  }
}

function splitOnce(text: string, at: string): [string, string] {
  const place = text.indexOf(at)
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)]
}

function unusable(): GatewayError {
  return new GatewayError('DRIVER_BLUETOOTH_BUS', 'DBUS_SYSTEM_BUS_ADDRESS is not one it can use.', {
    fix: `Write unix:path=FILE or unix:abstract=NAME, or unset it: then it is ${usual}.`,
  })
}
