import { describe, expect, test } from 'vitest'
import { every, manualClock, scaledClock, systemClock } from '../../src/base/clock.ts'

describe('a clock moved by hand', () => {
  test('runs what falls due on the way, in order of time and then of asking', () => {
    const clock = manualClock(1000)
    const ran: string[] = []
    clock.after(20, () => ran.push(`b at ${clock.monotonic()}`))
    clock.after(10, () => ran.push(`a at ${clock.monotonic()}`))
    clock.after(20, () => ran.push(`c at ${clock.now()}`))
    clock.after(21, () => ran.push('later'))
    clock.advanceTo(20)
    expect(ran).toEqual(['a at 10', 'b at 20', 'c at 1020'])
  })

  test('runs what is asked for on the way, if it is due', () => {
    const clock = manualClock(0)
    const ran: number[] = []
    clock.after(1, () => clock.after(1, () => ran.push(clock.monotonic())))
    clock.advanceTo(5)
    expect(ran).toEqual([2])
  })

  test('never moves back, and steps its wall time without moving on', () => {
    const clock = manualClock(1000)
    clock.advanceTo(50)
    clock.advanceTo(10)
    clock.step(-500)
    expect([clock.monotonic(), clock.now()]).toEqual([50, 550])
  })

  test('forgets what was cancelled', () => {
    const clock = manualClock(0)
    clock.after(1, () => expect.unreachable())()
    clock.advanceTo(2)
  })

  test('is trusted until it is said not to be', () => {
    const clock = manualClock(0)
    expect(clock.isTrusted()).toBe(true)
    clock.setTrusted(false)
    expect(clock.isTrusted()).toBe(false)
  })
})

test('every period something happens until it is cancelled', () => {
  const clock = manualClock(0)
  let count = 0
  const cancel = every(clock, 10, () => count++)
  clock.advanceTo(35)
  cancel()
  clock.advanceTo(100)
  expect(count).toBe(3)
})

test('a period may be cancelled from within', () => {
  const clock = manualClock(0)
  let count = 0
  const cancel = every(clock, 10, () => ++count === 2 && cancel())
  clock.advanceTo(100)
  expect(count).toBe(2)
})

test('a scaled clock begins where it is told and runs faster', async () => {
  const clock = scaledClock(Date.UTC(2026, 0, 1), 100)
  await new Promise<void>((resolve) => clock.after(5000, resolve))
  // A timer may ring a millisecond early, which is 100 of this clock's.
  expect(clock.now() - Date.UTC(2026, 0, 1)).toBeGreaterThanOrEqual(4800)
  expect(clock.isTrusted()).toBe(true)
})

test('the machine’s clock does not ring early for a delay longer than a timer holds', () => {
  const cancel = systemClock(() => false).after(2 ** 40, () => expect.unreachable())
  cancel()
})
