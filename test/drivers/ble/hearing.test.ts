import { describe, expect, it } from 'vitest'
import { minute, second } from '../../../src/base/duration.ts'
import { createHearing } from '../../../src/drivers/ble/hearing.ts'

const fresh = (print: number) => ({ isEmpty: false, print, isOwn: false })

describe('what adverts say of the radio', () => {
  it('is that it lives, while they differ', () => {
    const hearing = createHearing(0)
    for (let at = 0; at < 100; at++) hearing.note(at * second, fresh(at))
    expect(hearing.lastLife()).toBe(99 * second)
  })

  it('is nothing when they are empty', () => {
    const hearing = createHearing(0)
    for (let at = 1; at < 100; at++) hearing.note(at * second, { ...fresh(at), isEmpty: true })
    expect(hearing.lastLife()).toBe(0)
  })

  it('is nothing when one is told again and again, but a still beacon may repeat itself a few times', () => {
    const hearing = createHearing(0)
    for (let at = 1; at < 100; at++) hearing.note(at * second, fresh(7))
    expect(hearing.lastLife()).toBe(20 * second)
  })

  it('is that it is deaf, when beacons that stand in the shop are not heard any more, whoever else is', () => {
    const hearing = createHearing(0)
    for (let at = 0; at < 10; at++) hearing.note(at * minute, { ...fresh(at), isOwn: true })
    for (let at = 10; at < 20; at++) hearing.note(at * minute, fresh(at))
    expect([hearing.isDeaf(12 * minute), hearing.isDeaf(19 * minute)]).toEqual([false, true])
    expect(hearing.lastLife()).toBe(9 * minute)
  })

  it('says nothing of the radio when a beacon was only carried past', () => {
    const hearing = createHearing(0)
    for (let at = 0; at < 3; at++) hearing.note(at * second, { ...fresh(at), isOwn: true })
    expect(hearing.isDeaf(60 * minute)).toBe(false)
  })

  it('waits no longer for beacons that two steps did not bring back, until they are heard again', () => {
    const hearing = createHearing(0)
    const own = (from: number, to: number) => {
      for (let at = from; at < to; at++) hearing.note(at * minute, { ...fresh(at), isOwn: true })
    }
    own(0, 8)
    hearing.forgive(30 * minute)
    expect([hearing.isDeaf(40 * minute), hearing.lastLife()]).toEqual([false, 30 * minute])
    own(50, 58)
    expect(hearing.isDeaf(70 * minute)).toBe(true)
  })
})
