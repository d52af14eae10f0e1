import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { startBus } from '../../support/bluez/bus.ts'
import { address, addressBytes } from '../../support/bluez/messages.ts'
import { needPythonDbus, startService, until } from '../../support/bluez/service.ts'
import { need } from '../../support/need.ts'
import { deviceAdded, deviceChanged, heardAt, pathOf, random } from './listening.ts'

const shapes = [address, address.replaceAll(':', '_')].map((text) => Buffer.from(text))
shapes.push(Buffer.from(addressBytes), Buffer.from(addressBytes.toReversed()))
shapes.push(...shapes.slice(0, 2).map((text) => Buffer.from(text.toString(), 'utf16le')))

/** How often the address stands in what a process may write to, of its whole memory. */
function countIn(pid: number): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  let found = 0
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from, to, access, name = ''] = line.match(/^(\w+)-(\w+) (\S+) \S+ \S+ \S+ *(.*)$/) ?? []
    if (!from || !to || !access?.startsWith('rw') || name.startsWith('[v')) continue
    found += countBetween(memory, Number.parseInt(from, 16), Number.parseInt(to, 16))
  }
  closeSync(memory)
  return found
}

function countBetween(memory: number, from: number, to: number): number {
  const piece = Buffer.alloc(2 ** 22 + 64)
  let found = 0
  for (let at = from; at < to; at += 2 ** 22) {
    const length = readSync(memory, piece, 0, Math.min(piece.length, to - at), at)
    for (const shape of shapes) if (piece.subarray(0, length).includes(shape)) found++
  }
  return found
}

async function afterHearing(mode: 'reader' | 'spread') {
  const bus = await startBus()
  const bluez = await startService(bus.address)
  const child = spawn(process.execPath, ['test/drivers/ble/memory-process.ts', mode], {
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bus.address },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = { adverts: -1, devices: -1 }
  createInterface(child.stdout).on('line', (line) => {
    said = JSON.parse(line)
  })
  await until(() => said.adverts === 0)
  const manufacturer = { ManufacturerData: ['a{qv}', { 76: ['ay', [16, 5, 1, 2, 3]] }] } as const
  bluez.answer('GetAll', { signature: 'a{sv}', body: [{ ...random, ...heardAt(-40), Address: ['s', address] }] })
  // First one that is not known: it is asked for, by its path.
  bluez.emit(deviceChanged(address, { ...heardAt(-50), ...manufacturer }))
  await until(() => said.adverts === 1)
  bluez.emit(deviceAdded(address, { ...random, ...heardAt(-50), Address: ['s', address], Name: ['s', address] }))
  bluez.emit(deviceChanged(address, { ...heardAt(-50), ...manufacturer }), { times: 20_000 })
  await until(() => said.adverts === 20_002)
  bluez.emit({
    path: '/',
    interface: 'org.freedesktop.DBus.ObjectManager',
    member: 'InterfacesRemoved',
    signature: 'oas',
    body: [pathOf(address), ['org.bluez.Device1']],
  })
  await until(() => said.devices === 0)
  const found = countIn(child.pid!)
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  await bluez.stop()
  await bus.stop()
  return found
}

describe.skipIf(!need('dbus-daemon') || !needPythonDbus())(
  'the address of a device that was heard 20,000 times',
  () => {
    it('is nowhere in the memory of the process once the device is gone', async () => {
      expect(await afterHearing('reader')).toBe(0)
    })

    it('would be found if it had been kept in one string a reading', async () => {
      expect(await afterHearing('spread')).toBeGreaterThan(0)
    })
  },
)
