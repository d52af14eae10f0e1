import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { DriverHealth, Hear } from './reading.ts'

/** Whether a sensor can hear: told as a reading and logged when it changes, with the latest reason kept for health. */
export interface StateTeller {
  up(at: number): void
  down(reason: string): void
  current(): Pick<DriverHealth, 'state' | 'reason'>
}

export function createStateTeller(sensor: string, parts: { clock: Clock; log: Log; hear: Hear }): StateTeller {
  const { clock, log, hear } = parts
  let told: 'up' | 'down' | undefined
  let reason: string | undefined = `${sensor} was started and has not been heard yet.`
  return {
    up(at) {
      if (told === 'up') return
      told = 'up'
      reason = undefined
      log.info({ sensor }, 'The sensor is heard.')
      hear({ kind: 'state', sensor, at, state: 'up' })
    },
    down(why) {
      reason = why
      if (told === 'down') return
      told = 'down'
      log.warn({ sensor }, why)
      hear({ kind: 'state', sensor, at: clock.monotonic(), state: 'down', reason: why })
    },
    current: () => ({ state: told ?? 'down', ...(reason ? { reason } : {}) }),
  }
}
