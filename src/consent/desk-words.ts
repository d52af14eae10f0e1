import { day, parseDuration } from '../base/duration.ts'
import type { Erasure, OfferedPurpose, Seen } from './desk-answers.ts'
import type { Entry } from './event.ts'
import { exportOf } from './export.ts'
import type { Notice } from './notice.ts'
import { type ConsentRecord, stateOf } from './record.ts'
import type { PurposeSettings } from './settings.ts'
import type { Visit } from './visits.ts'

const iso = (ms: number) => new Date(ms).toISOString()

/** A purpose as a shopper is asked, with the notice in force. */
export function describePurpose(purpose: PurposeSettings, { text, benefit, hash }: Notice): OfferedPurpose {
  const { id, recipient, retention, caps, quiet, longest } = purpose
  const longestDays = Math.floor(parseDuration(longest) / day)
  return { id, text, benefit, recipient, retention, ...caps, quiet, longestDays, notice: hash }
}

export function describeVisit({ since, grants }: Visit, now: number): Seen {
  return {
    state: 'seen',
    kind: 'visit',
    since: iso(since),
    isPaused: false,
    purposes: grants.map(({ purpose, validFrom, validUntil }) => ({
      purpose,
      state: now < validUntil ? 'given' : 'expired',
      until: iso(validUntil),
      agreedAt: iso(validFrom),
    })),
    erasure: 'none',
    hasTag: false,
    record: null,
  }
}

/** Everything that is kept about one shopper. Of their visits nothing is, so there is no history to show. */
export function describeRecord(record: ConsentRecord, entries: readonly Entry[], erasure: Erasure): Seen {
  return {
    state: 'seen',
    kind: 'record',
    since: iso(record.openedAt),
    isPaused: record.isRestricted,
    purposes: [...record.purposes].map(([purpose, { agreed, agreedAt }]) => ({
      purpose,
      state: stateOf(record, purpose) ?? 'refused',
      until: agreed ? iso(agreed.until) : null,
      agreedAt: agreed ? iso(agreedAt) : null,
    })),
    erasure,
    hasTag: !record.isErased,
    record: exportOf(record, entries),
  }
}
