import type { Clock } from '../base/clock.ts'
import { isDamage } from '../base/database.ts'
import { describeError, GatewayError, isStorageFull } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { openSeldom } from '../uplink/alarm.ts'

/** What goes wrong on the shoppers' side is told, seldom, and stops nothing else. */
export interface Faults {
  failed(error: unknown): void
  /** What an advert leads to must not reach the driver as an error: it is told, and the radio hears on. */
  quietly<T>(work: () => T): T | undefined
}

export function createFaults(log: Log, realClock: Clock): Faults {
  const seldom = openSeldom(realClock)

  function failed(error: unknown): void {
    const said = isStorageFull(error) ? 'the disk is full: nobody can agree to anything' : describeError(error)
    seldom(said, () => log.error(said))
  }

  return {
    failed,
    quietly(work) {
      try {
        return work()
      } catch (error) {
        failed(error)
        return undefined
      }
    },
  }
}

/** Does the next start salvage it? */
export function isRecordDamaged(error: unknown): boolean {
  return isDamage(error) || (error instanceof GatewayError && error.code === 'CONSENT_RECORD_BROKEN')
}
