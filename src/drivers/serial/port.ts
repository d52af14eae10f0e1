import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { SerialSettings } from '../decoders.ts'
import type { Driver } from '../reading.ts'
import { createLink, type Link } from './link.ts'

/** Hears a sensor on a serial port, under its configured (stable) name, through unplugs and silences. */
export function createSerialDriver(settings: SerialSettings, { clock, log }: { clock: Clock; log: Log }): Driver {
  const sensor = settings.id
  let link: Link | undefined
  let isClosed = false
  return {
    sensor,
    async open(hear) {
      if (link || isClosed) return
      link = createLink(settings, { clock, log, hear })
      link.open()
    },
    async close() {
      isClosed = true
      await link?.close()
    },
    health() {
      if (link) return { sensor, ...link.health() }
      return { sensor, state: 'down', reason: `${sensor} has not been started.`, dropped: 0 }
    },
  }
}
