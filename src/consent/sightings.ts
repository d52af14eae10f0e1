import { minute } from '../base/duration.ts'

/** Something that happened to a shopper who agreed. Whether anybody is told, and whom, is decided afterwards. */
export interface Happening {
  /** A record or a visit. */
  readonly who: string
  readonly event: 'arrived' | 'zone' | 'left'
  readonly zone: string
}

/**
 * Who is in the shop, of those who agreed: in memory only, and only until they leave. One sighting after another becomes
 * "arrived", "in another part of the shop" and "left".
 */
export interface Sightings {
  /** Their tag was heard. @param at monotonic ms */
  heard(who: string, zone: string, at: number): Happening | undefined
  /** They said so themselves, and stay until they say that they leave. */
  came(who: string, zone: string): Happening | undefined
  /** They said so themselves, or their time is over. */
  gone(who: string): Happening | undefined
  /** Who was not heard for a while has left. */
  tick(at: number): Happening[]
  present(): string[]
  /** As if they had never been here: nothing happened that anybody may be told. */
  forget(who: string): void
}

/** A tag in a pocket is not heard for minutes. */
export const absentAfter = 10 * minute
const untilGone = Number.POSITIVE_INFINITY

export function createSightings(): Sightings {
  const present = new Map<string, { zone: string; at: number }>()

  function leave(who: string, zone: string): Happening {
    present.delete(who)
    return { who, event: 'left', zone }
  }

  function heard(who: string, zone: string, at: number): Happening | undefined {
    const before = present.get(who)
    present.set(who, { zone, at: before?.at === untilGone ? untilGone : at })
    if (!before) return { who, event: 'arrived', zone }
    return before.zone === zone ? undefined : { who, event: 'zone', zone }
  }

  return {
    heard,
    came(who, zone) {
      const happening = heard(who, zone, untilGone)
      present.set(who, { zone, at: untilGone })
      return happening
    },
    gone(who) {
      const before = present.get(who)
      return before && leave(who, before.zone)
    },
    tick(at) {
      const absent = [...present].filter(([, one]) => at - one.at >= absentAfter)
      return absent.map(([who, { zone }]) => leave(who, zone))
    },
    present: () => [...present.keys()],
    forget: (who) => void present.delete(who),
  }
}
