import { createHash } from 'node:crypto'
import { canonicalJson } from '../base/canonical-json.ts'

/** How a shopper or the box said it. */
export type Method = 'gesture' | 'page' | 'receipt' | 'command'

/** A record begins: one shopper, before anything is agreed. Holds no key and nothing that says who it is. */
export interface Opened {
  readonly type: 'opened'
  readonly record: string
  /** Random, 16 bytes, base64url: Kantara's piiPrincipalId. Never sent. */
  readonly principal: string
  readonly language: string
  readonly jurisdiction: string
  /** The age that was passed. The shopper's own is not kept. */
  readonly ageLimit: number
  readonly method: Method
  /** Keyed hash of the receipt's secret, hex. */
  readonly secret: string
  /** Where the identity key lies; null where nobody is recognised by radio. */
  readonly slot: number | null
}

/** Agreed to one purpose: `given` with a handle of its own, `changed` under another notice or until another moment. */
export interface Agreed {
  readonly type: 'given' | 'changed'
  readonly record: string
  readonly purpose: string
  readonly handle: string
  readonly notice: string
  readonly substance: string
  readonly language: string
  /** Ms since 1970. */
  readonly until: number
  readonly method: Method
}

/** Said no to one purpose while agreeing to another, or took it back. */
export interface Ended {
  readonly type: 'refused' | 'withdrawn'
  readonly record: string
  readonly purpose: string
  readonly method: Method
}

/** What ends by itself. */
export interface Lapsed {
  readonly type: 'expired' | 'notice-outdated'
  readonly record: string
  readonly purpose: string
  readonly why: 'term' | 'dormant' | 'notice' | 'purpose-gone' | 'unfinished'
}

/** About the whole record: matching stops but nothing is lost, goes on, or the identity key is gone from the disk. */
export interface Overall {
  readonly type: 'restricted' | 'resumed' | 'erased'
  readonly record: string
}

/** A tag or app was enrolled for a record that lives: where its identity key lies from now on. */
export interface Keyed {
  readonly type: 'keyed'
  readonly record: string
  readonly slot: number
}

/** "Just this visit": how many agreed on one day, told when the shop has closed. No handle, no time. */
export interface Visits {
  readonly type: 'visits'
  readonly day: string
  readonly purpose: string
  readonly notice: string
  readonly count: number
}

/** The record was older than what this box had written before: everything agreed until here is void. */
export interface Restored {
  readonly type: 'restored'
}

/** Entries whose text was removed, as [first, last]; their hashes stay in the chain. */
export interface Forgotten {
  readonly type: 'forgotten'
  readonly entries: readonly (readonly [number, number])[]
}

export type ConsentEvent = Opened | Agreed | Ended | Lapsed | Overall | Keyed | Visits | Restored | Forgotten

/** An event with its place in the chain. */
export type Entry = ConsentEvent & {
  readonly seq: number
  /** Ms since 1970, as the box knew it. */
  readonly at: number
  /** SHA-256 of the entry before, hex; 64 zeros before the first. */
  readonly prev: string
}

export const genesis = '0'.repeat(64)

/** The exact text of an entry, which is what is hashed: JCS. */
export function entryText(event: ConsentEvent, seq: number, at: number, prev: string): string {
  return canonicalJson({ ...event, seq, at, prev })
}

export function entryHash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The entry that a text is; undefined when it is not the one way of writing one. */
export function parseEntry(text: string): Entry | undefined {
  try {
    const entry = JSON.parse(text) as Entry
    return canonicalJson(entry) === text && typeof entry.type === 'string' ? entry : undefined
  } catch {
    return undefined
  }
}
