import { describe, expect, it } from 'vitest'
import { systemBusPaths } from '../../src/base/system-bus.ts'

describe('the address of the system bus', () => {
  it.each([
    ['unix:path=/run/dbus/system_bus_socket', ['/run/dbus/system_bus_socket']],
    ['unix:path=/a%20b,guid=00ff', ['/a b']],
    ['unix:abstract=/tmp/dbus-x,guid=1', ['\0/tmp/dbus-x']],
    ['unix:path=/one;unix:guid=2,path=/two;', ['/one', '/two']],
  ])('%s is where to connect', (address, paths) => {
    expect(systemBusPaths(address)).toEqual(paths)
  })

  it.each([
    'tcp:host=localhost,port=1',
    'unix:tmpdir=/tmp',
    'unix:path=/a,abstract=b',
    'unix:path=%zz',
    'unix:',
    '/run/socket',
    ';',
    'unix:path=/a;autolaunch:',
  ])('%s is refused with what to write instead', (address) => {
    expect(() => systemBusPaths(address)).toThrow(expect.objectContaining({ code: 'DRIVER_BLUETOOTH_BUS' }))
  })
})
