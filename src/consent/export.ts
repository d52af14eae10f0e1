import type { Entry } from './event.ts'
import { type ConsentRecord, stateOf } from './record.ts'

/** Everything that is kept about one shopper, to hand over (GDPR Art. 15 and 20). */
export function exportOf(record: ConsentRecord, entries: readonly Entry[]) {
  const purposes = [...record.purposes].map(([purpose, { agreed, agreedAt }]) => ({
    purpose,
    state: stateOf(record, purpose),
    agreedAt: agreed ? new Date(agreedAt).toISOString() : null,
    until: agreed ? new Date(agreed.until).toISOString() : null,
    handle: agreed?.handle ?? null,
    notice: agreed?.notice ?? null,
  }))
  const { principal, language, jurisdiction, ageLimit } = record.opened
  const own = entries.filter(({ seq }) => record.seqs.includes(seq))
  return {
    record: record.id,
    principal,
    language,
    jurisdiction,
    ageLimit,
    keyIsErased: record.isErased,
    purposes,
    entries: own,
  }
}
