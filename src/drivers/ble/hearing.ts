import { minute } from '../../base/duration.ts'

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
  /** Forgets what the last advert looked like, once it is a minute old. To be called every few seconds. */
  look(at: number): void
  /** The beacons are gone, not the radio deaf: they are no longer waited for until they are heard again. */
  forgive(at: number): void
}

/** BlueZ tells of an unchanged beacon anew once it was made to forget it: after a minute, or more where there are many. */
const patience = 4 * minute
/** The very same advert this often in a row, strength included, does not come from the air. */
const stuck = 20
/** This often within ten minutes, and a beacon stands in the shop. */
const wellHeard = 5
const ownSpan = 10 * minute

export function createHearing(from: number): Hearing {
  let lastPrint = 0
  let lastNote = from
  let same = 0
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
      same = print === lastPrint ? same + 1 : 0
      lastPrint = print
      lastNote = at
      if (isEmpty || same >= stuck) return
      lastAny = at
      if (isOwn) noteOwn(at)
    },
    lastLife: () => (own >= wellHeard ? lastOwn : lastAny),
    look(at) {
      if (at - lastNote > minute) lastPrint = 0
    },
    isDeaf: (at) => own >= wellHeard && at - lastOwn > patience,
    forgive(at) {
      own = 0
      lastAny = at
    },
  }
}
