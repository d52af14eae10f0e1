import { minute, second } from '../../base/duration.ts'

/**
 * What the adverts say of the radio itself. Two things are watched: does anything come that is neither empty nor the
 * same again and again (that is how a stuck controller sounds), and are the shop's own beacons heard?
 */
export interface Hearing {
  /** One advert: `print` tells whether it is the same as the one before, address and strength included. */
  note(at: number, advert: { isEmpty: boolean; print: number; isOwn: boolean }): void
  /** Monotonic ms of the last sign of life. While own beacons are known to be near, only they are one. */
  lastLife(): number
  /** Own beacons were heard well, and now are not: judged by nothing that a shopper can influence. */
  isDeaf(at: number): boolean
  /** The beacons are gone, not the radio deaf: they are no longer waited for until they are heard again. */
  forgive(at: number): void
}

const patience = 90 * second
/** This often within ten minutes, and a beacon stands in the shop. */
const wellHeard = 10
const ownSpan = 10 * minute

export function createHearing(from: number): Hearing {
  let lastPrint = 0
  let lastAny = from
  let lastOwn = from
  let firstOwn = from
  let own = 0

  function noteOwn(at: number): void {
    if (own === 0 || at - firstOwn > ownSpan) {
      // A tag that is carried past now and then is no beacon to rely on.
      if (own < wellHeard) own = 0
      firstOwn = at
    }
    own++
    lastOwn = at
  }

  return {
    note(at, { isEmpty, print, isOwn }) {
      const isNew = print !== lastPrint && !isEmpty
      lastPrint = print
      if (!isNew) return
      lastAny = at
      if (isOwn) noteOwn(at)
    },
    lastLife: () => (own >= wellHeard ? lastOwn : lastAny),
    isDeaf: (at) => own >= wellHeard && at - lastOwn > patience,
    forgive(at) {
      own = 0
      lastAny = at
    },
  }
}
