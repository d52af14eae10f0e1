import { describe, expect, it } from 'vitest'
import { createDevices, deviceFlag } from '../../../src/drivers/ble/bus/devices.ts'
import { createMemory } from '../../../src/drivers/ble/bus/memory.ts'
import { trials } from '../../support/need.ts'
import { seededRandom } from '../../support/random.ts'
import { watchBuffers } from './buffers.ts'

const addressOf = (number: number) => Uint8Array.of(0xff, 0xee, 0xdd, 0xcc, number >> 8, number & 255)

describe('the table of devices', () => {
  it('agrees with a plain map, whatever is added, removed and swept', () => {
    const random = seededRandom(5)
    const pick = (below: number) => Math.floor(random() * below)
    const devices = createDevices(64, createMemory(64))
    const model = new Map<number, { flags: number; heard: number }>()
    for (let second = 0; second < trials(20_000, 200_000); second++) {
      const number = pick(100)
      const address = addressOf(number)
      const slot = devices.find(address)
      expect(slot >= 0, `at ${second}`).toBe(model.has(number))
      if (random() < 0.5) {
        const isTaken = devices.put(address, deviceFlag.paired, second) >= 0
        expect(isTaken).toBe(model.has(number) || model.size < 64)
        if (isTaken) model.set(number, { flags: deviceFlag.known | deviceFlag.paired, heard: second })
      } else if (slot >= 0) {
        expect(devices.flags(slot)).toBe(model.get(number)?.flags)
        devices.remove(slot)
        model.delete(number)
      }
      if (second % 500 === 0) sweep(second - 50)
      expect(devices.size).toBe(model.size)
    }

    function sweep(before: number): void {
      const shown = new Set<number>()
      devices.removeOlder(before, (address, _flags, heard) => {
        const number = address[4]! * 256 + address[5]!
        expect([...address.subarray(0, 4), heard]).toEqual([0xff, 0xee, 0xdd, 0xcc, model.get(number)?.heard])
        shown.add(number)
        if (number % 3 === 0) return false
        model.delete(number)
        return true
      })
      expect([...model].filter(([number, { heard }]) => heard <= before && !shown.has(number))).toEqual([])
    }
  })

  it('takes what it can and says when it is full', () => {
    const devices = createDevices(1000, createMemory(1000))
    const taken = Array.from({ length: 1500 }, (_, i) => devices.put(addressOf(i), 0, 0)).filter((slot) => slot >= 0)
    expect([taken.length, devices.size]).toEqual([1000, 1000])
    expect(devices.put(addressOf(3), deviceFlag.random, 1)).toBe(devices.find(addressOf(3)))
  })

  it('holds nothing of an address that was removed', () => {
    const buffers = watchBuffers()
    const devices = createDevices(64, createMemory(64))
    buffers.restore()
    for (let i = 0; i < 60; i++) devices.put(addressOf(i), deviceFlag.random, 7)
    const holding = () => buffers.holding([...addressOf(9)]).length
    expect(holding()).toBeGreaterThan(0)
    devices.remove(devices.find(addressOf(9)))
    expect(holding()).toBe(0)
    devices.removeOlder(7, () => true)
    expect([devices.size, buffers.holding([...addressOf(10)]).length]).toEqual([0, 0])
  })
})
