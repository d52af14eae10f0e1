import { formatRecordedEvent, formatRecordingHeader } from '../drivers/recording.ts'
import type { VirtualShop } from './shop.ts'

const minute = 60

/**
 * The lines of a recording of the shop's first `seconds`, without line ends, a minute at a time so that a month fits
 * in memory. `start` is the shop's beginning in ms since 1970 UTC.
 */
export function* recordingOf(shop: VirtualShop, start: number, seconds: number): Generator<string> {
  yield formatRecordingHeader(start)
  for (let from = 0; from < seconds; from += minute) {
    for (const event of shop.eventsBetween(from, Math.min(from + minute, seconds))) yield formatRecordedEvent(event)
  }
}
