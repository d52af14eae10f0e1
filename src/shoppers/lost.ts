import type { Consents } from '../consent/consents.ts'
import type { Told } from '../consent/told.ts'
import type { Outbox } from '../uplink/outbox.ts'
import type { ShopperFeed } from './feed.ts'

/** The end of an agreement is told until head office has it, also when its message was changed by the disk or shed. */
export interface LostEnds {
  /** What was put aside since the last look: about once a second. */
  lookAside(): void
  /** What head office lacks and does not lie here. First what was shed: a number that went out empty counts as told. */
  fillGaps(): void
}

export interface LostParts {
  readonly outbox: Outbox
  readonly told: Told
  readonly consents: Consents
  readonly feed: ShopperFeed
}

export function createLostEnds({ outbox, told, consents, feed }: LostParts): LostEnds {
  let lookedAt: ReadonlySet<number> = new Set()

  function tellAnew(seqs: readonly number[]): void {
    const lost = told.handlesOf(seqs)
    if (lost.size === 0) return
    consents.tellAgain(lost)
    feed.passOn()
  }

  return {
    lookAside() {
      const aside = outbox.putAside('signals')
      tellAnew(aside.filter((seq) => !lookedAt.has(seq)))
      lookedAt = new Set(aside)
    },
    fillGaps() {
      tellAnew(outbox.lacking('signals'))
      feed.fillGaps()
    },
  }
}
