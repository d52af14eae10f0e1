import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { openControl } from '../../../src/drivers/ble/control.ts'
import { answersTo, type LooseBus, messagesIn, refusalTo, startLooseBus } from '../../support/bluez/loose-bus.ts'

const before = process.env.DBUS_SYSTEM_BUS_ADDRESS
let bus: LooseBus | undefined
afterEach(async () => {
  if (before === undefined) delete process.env.DBUS_SYSTEM_BUS_ADDRESS
  else process.env.DBUS_SYSTEM_BUS_ADDRESS = before
  await bus?.stop()
})

/** A bus on which BlueZ is missing: it says so at once, and takes its time for everything else. */
function answer(bytes: Buffer, say: LooseBus['say']): void {
  if (bytes.includes('AUTH')) return say('OK 1234\r\n')
  const begin = bytes.indexOf('BEGIN\r\n')
  for (const message of messagesIn(bytes.subarray(begin < 0 ? 0 : begin + 'BEGIN\r\n'.length))) {
    if (message.includes('org.bluez') && !message.includes('AddMatch')) say(refusalTo(message))
    else void pause(50).then(() => say(answersTo(message)))
  }
}

describe('the hand on the radio', () => {
  // What nobody caught would end the service, and fails this test.
  it('is refused, and nothing else happens, where BlueZ is gone before the bus has answered the rest', async () => {
    bus = await startLooseBus(answer)
    process.env.DBUS_SYSTEM_BUS_ADDRESS = `unix:path=${bus.path}`
    const uncaught: unknown[] = []
    const note = (reason: unknown) => void uncaught.push(reason)
    process.on('unhandledRejection', note)
    for (let times = 0; times < 3; times++) {
      const control = await openControl(
        'hci0',
        systemClock(() => true),
      )
      await expect(control.hasAdapter()).rejects.toThrow()
      control.close()
    }
    process.off('unhandledRejection', note)
    expect(uncaught).toEqual([])
  })
})
