import type { Agreed, Ended, Entry, Keyed, Lapsed, Opened, Overall } from './event.ts'
import type { Grant, Purpose } from './grant.ts'
import { continuationOf, type Notice } from './notice.ts'

/** Where one purpose of one shopper stands. Only `given` and `changed` open the way for a signal. */
export type PurposeState = 'given' | 'changed' | 'refused' | 'withdrawn' | 'expired' | 'restricted' | 'notice-outdated'

/** What one shopper agreed to, as the entries of the chain say. Nothing here is known from elsewhere. */
export interface ConsentRecord {
  readonly id: string
  readonly opened: Opened
  readonly openedAt: number
  readonly purposes: ReadonlyMap<Purpose, PurposeRecord>
  readonly isRestricted: boolean
  /** Where the identity key lies; null where nobody is recognised by radio. */
  readonly slot: number | null
  /** The identity key is gone from the disk, or there never was one. */
  readonly isErased: boolean
  /** Ms since 1970 of the latest entry about it. */
  readonly touchedAt: number
  readonly seqs: readonly number[]
}

export interface PurposeRecord {
  readonly state: Exclude<PurposeState, 'restricted'>
  /** What was agreed to last; undefined for a purpose that was only ever refused. */
  readonly agreed: Agreed | undefined
  readonly agreedAt: number
}

type AboutOne = Opened | Agreed | Ended | Lapsed | Overall | Keyed

/** All records, from the entries of a chain that was verified. Pure. */
export function recordsOf(entries: Iterable<Entry>): Map<string, ConsentRecord> {
  const records = new Map<string, ConsentRecord>()
  for (const entry of entries) applyEntry(records, entry)
  return records
}

/** Takes one entry in. An entry about a record that was never opened says nothing. */
export function applyEntry(records: Map<string, ConsentRecord>, entry: Entry): void {
  if (entry.type === 'restored') {
    for (const record of records.values()) records.set(record.id, voided(record, entry))
    return
  }
  if (entry.type === 'visits' || entry.type === 'forgotten') return
  const before = entry.type === 'opened' ? openedRecord(entry, entry) : records.get(entry.record)
  if (before)
    records.set(entry.record, { ...changed(before, entry), touchedAt: entry.at, seqs: [...before.seqs, entry.seq] })
}

function openedRecord(opened: Opened, { at }: Entry): ConsentRecord {
  return {
    id: opened.record,
    opened,
    openedAt: at,
    purposes: new Map(),
    isRestricted: false,
    slot: opened.slot,
    isErased: opened.slot === null,
    touchedAt: at,
    seqs: [],
  }
}

function changed(record: ConsentRecord, entry: Entry & AboutOne): ConsentRecord {
  if (entry.type === 'opened') return record
  if (entry.type === 'keyed') return { ...record, slot: entry.slot, isErased: false }
  if (!('purpose' in entry)) return overall(record, entry)
  const after = purposeAfter(record, entry)
  return { ...record, purposes: new Map(record.purposes).set(entry.purpose, after) }
}

function overall(record: ConsentRecord, { type }: Overall): ConsentRecord {
  if (type === 'erased') return { ...record, isErased: true }
  return { ...record, isRestricted: type === 'restricted' }
}

function purposeAfter(record: ConsentRecord, entry: Entry & (Agreed | Ended | Lapsed)): PurposeRecord {
  const { type: state, at } = entry
  if ('handle' in entry) return { state, agreed: entry, agreedAt: at }
  const before = record.purposes.get(entry.purpose)
  return { state, agreed: before?.agreed, agreedAt: before?.agreedAt ?? at }
}

// The entry that voids is about everybody, so it is none of this record's and stays when the record is forgotten.
function voided(record: ConsentRecord, { at }: Entry): ConsentRecord {
  if (!isLive(record)) return record
  const purposes = new Map<Purpose, PurposeRecord>()
  for (const [id, one] of record.purposes) purposes.set(id, isOpen(one) ? { ...one, state: 'expired' } : one)
  return { ...record, purposes, touchedAt: at }
}

/** Agreed and not ended, though perhaps under a notice that has changed since. */
export function isOpen({ state }: PurposeRecord): boolean {
  return state === 'given' || state === 'changed' || state === 'notice-outdated'
}

/** Is anything of it agreed? If not, its identity key has no purpose any more and goes. */
export function isLive({ purposes }: ConsentRecord): boolean {
  return purposes.values().some(isOpen)
}

/** The handles of all that was ever agreed to, or of those purposes only. */
export function handlesOf(
  { purposes }: ConsentRecord,
  isMeant: (one: PurposeRecord) => boolean = () => true,
): string[] {
  return [...purposes.values()].flatMap((one) => (one.agreed && isMeant(one) ? [one.agreed.handle] : []))
}

/** The handles under which something may be told of this shopper, if nothing else is against it. */
export function openHandles(record: ConsentRecord): string[] {
  return handlesOf(record, isOpen)
}

/** The handles of what has ended: head office is to erase them. */
export function endedHandles(record: ConsentRecord): string[] {
  return handlesOf(record, (one) => !isOpen(one))
}

export function stateOf(record: ConsentRecord, purpose: Purpose): PurposeState | undefined {
  const one = record.purposes.get(purpose)
  if (!one) return undefined
  return record.isRestricted && isOpen(one) ? 'restricted' : one.state
}

/**
 * The grant that a record gives for a purpose now, under the notice that is in force in the shopper's language; undefined
 * where there is none. isGranted judges it once more, with the moment.
 */
export function grantOf(
  record: ConsentRecord,
  purpose: Purpose,
  notices: readonly Notice[],
  editorial: ReadonlySet<string>,
): Grant | undefined {
  const one = record.purposes.get(purpose)
  const state = stateOf(record, purpose)
  if (!one?.agreed || (state !== 'given' && state !== 'changed')) return undefined
  const notice = continuationOf(one.agreed, notices, editorial)
  if (!notice) return undefined
  const { handle, until } = one.agreed
  return { handle, purpose, notice: notice.hash, validFrom: one.agreedAt, validUntil: until, withdrawnAt: null }
}
