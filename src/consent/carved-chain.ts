import { holds } from '../base/mac.ts'
import { mendText } from '../base/mend.ts'
import { excusedBy, type Head, headMac, type Row, type Verdict, walkRows } from './chain.ts'
import { entryHash, genesis, parseEntry } from './event.ts'

/**
 * What was found of the consent record in a damaged file: in no order, several times over, of different times, and some of it
 * wrong. The record proves itself: going back from a head that this box signed, each entry names the hash of the one before.
 */
export interface Finds {
  row(seq: number, body: string | null, hash: Buffer): void
  /** A text without its row: which entry it is it says itself. */
  text(text: string): void
  head(seq: number, mac: Buffer): void
  /** The newest that a MAC of this box holds for. */
  newestHead(key: Buffer): Head | undefined
  /** The whole record up to this head; undefined where any of it is missing or wrong. */
  chainTo(head: Head): (Verdict & { state: 'sound'; rows: readonly Row[] }) | undefined
  /** Every text that was found, those that one bit made wrong included. */
  texts(): Iterable<string>
  readonly isEmpty: boolean
}

interface Damaged {
  readonly text: string
  readonly hash: string
}

export function createFinds(): Finds {
  /** By the place that it names itself, and its hash. */
  const texts = new Map<number, Map<string, string>>()
  /** Hashes of texts whose row agreed. */
  const agreed = new Set<string>()
  const emptied = new Map<number, string>()
  const damaged = new Map<number, Damaged[]>()
  const heads: { seq: number; mac: Buffer }[] = []

  function text(found: string): string | undefined {
    const seq = parseEntry(found)?.seq
    if (typeof seq !== 'number') return undefined
    const hash = entryHash(found).toString('hex')
    const there = texts.get(seq) ?? new Map<string, string>()
    texts.set(seq, there.set(hash, found))
    return hash
  }

  function row(seq: number, body: string | null, bytes: Buffer): void {
    const hash = bytes.toString('hex')
    if (body === null) return void emptied.set(seq, hash)
    if (text(body) === hash) agreed.add(hash)
    else damaged.set(seq, [...(damaged.get(seq) ?? []), { text: body, hash }])
  }

  function mended(seq: number, hash: string | undefined): string | undefined {
    for (const one of damaged.get(seq) ?? []) {
      const found = mendText(one.text, (text) => entryHash(text).toString('hex') === (hash ?? one.hash))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Before an entry whose text was forgotten no hash is named: then there must be one whose row agreed, and only one. */
  function textAt(seq: number, hash: string | undefined): string | undefined {
    const there = texts.get(seq) ?? new Map<string, string>()
    const own = hash === undefined ? [...there.keys()].filter((one) => agreed.has(one)) : [hash]
    if (own.length > 1) return undefined
    return there.get(own[0] ?? '') ?? mended(seq, hash)
  }

  /** Whether a text may be missing is decided by the entries that say what was forgotten. */
  function rowAt(seq: number, hash: string | undefined): Row {
    const body = textAt(seq, hash)
    if (body !== undefined) return { seq, body, hash: entryHash(body) }
    // Between two that were forgotten nobody names it, and nothing depends on it.
    const empty = hash ?? emptied.get(seq) ?? genesis
    return { seq, body: null, hash: Buffer.from(empty, 'hex') }
  }

  function backFrom(head: Head): Row[] {
    const rows: Row[] = []
    let hash: string | undefined = head.hash
    for (let seq = head.seq; seq > 0; seq--) {
      const row = rowAt(seq, hash)
      rows.push(row)
      hash = row.body === null ? undefined : parseEntry(row.body)?.prev
    }
    return rows.reverse()
  }

  /** Was something added after this head? Then it is not the newest, and what was added may have been a withdrawal. */
  function goesOn({ seq, hash }: Head): boolean {
    const after = [...(texts.get(seq + 1) ?? [])]
    return after.some(([own, text]) => agreed.has(own) && parseEntry(text)?.prev === hash)
  }

  return {
    row,
    text: (found) => void text(found),
    head: (seq, mac) => void heads.push({ seq, mac }),
    newestHead(key) {
      const named = heads.flatMap(({ seq, mac }) => {
        const hashes = [...(texts.get(seq)?.keys() ?? []), ...(damaged.get(seq) ?? []).map((one) => one.hash)]
        return hashes.filter((hash) => holds(mac, headMac(key, { seq, hash }))).map((hash) => ({ seq, hash }))
      })
      return named.sort((a, b) => b.seq - a.seq)[0]
    },
    chainTo(head) {
      const found = goesOn(head) ? undefined : backFrom(head)
      const verdict = found && walkRows(found)
      if (verdict?.state !== 'sound') return undefined
      // An old page may hold a text that was forgotten since.
      const forgotten = excusedBy(verdict.entries, head.seq)
      const rows = found!.map((row) => (forgotten.has(row.seq) ? { ...row, body: null } : row))
      const kept = walkRows(rows)
      return kept.state === 'sound' ? { ...kept, rows } : undefined
    },
    *texts() {
      for (const there of texts.values()) yield* there.values()
      for (const [seq, rows] of damaged) {
        yield* rows.map(({ text }) => text)
        const found = mended(seq, undefined)
        if (found !== undefined) yield found
      }
    },
    get isEmpty() {
      return texts.size + emptied.size + damaged.size + heads.length === 0
    },
  }
}
