import type { Carved } from '../base/carve.ts'
import type { Database } from '../base/database.ts'
import { boxKeysOf } from './box-keys.ts'
import { spendCaps } from './caps.ts'
import { createFinds } from './carved-chain.ts'
import { openChain, putChain } from './chain.ts'
import { type ConsentNews, historyOf, isEnd } from './choice.ts'
import { markBeside } from './folder.ts'
import { openNews } from './news.ts'
import { type ConsentRecord, isLive, openHandles, recordsOf } from './record.ts'
import { week } from './upkeep.ts'

export const carvedConsentColumns = { event: 3, news: 4, seen: 2 }

export interface ConsentSalvage {
  take(record: Carved): void
  /** Of the texts of entries some are found only here: the head of their row is damaged. */
  page(bytes: Buffer): void
  /** Inside a transaction. @param parts.isUsed whether anybody could ever agree on this box */
  finish(parts: { readonly now: number; readonly isUsed: boolean; readonly alsoTold: readonly Told[] }): Salvaged
}

type Told = Pick<ConsentNews, 'handle' | 'purpose'>

export interface Salvaged {
  /** 'void': the record cannot be proven, and all that was agreed has ended. */
  readonly state: 'whole' | 'void' | 'unused'
  /** Of whom nothing may leave any more, and head office is told so. */
  readonly ended: ReadonlySet<string>
}

const entryTexts = /\{"[^{}]{60,2040}\}/g

/**
 * Takes the consent record over from a damaged file if it can be proven from its beginning to the newest head that this box
 * signed. If not, nothing of it counts: a withdrawal may be what is missing. Either way no end of a consent is lost: head
 * office is told of every one that is known, once more where it knew. Call with a new database, before consents are opened.
 */
export function salvageConsents(database: Database, file: string, boxKey: Buffer): ConsentSalvage {
  const { connection: sql } = database
  const key = boxKeysOf(boxKey).record
  const finds = createFinds()
  const news: ConsentNews[] = []
  const seen = new Map<string, number>()

  function takeEvent({ rowid, cells: [first, second, third] }: Carved): void {
    if (rowid === undefined || first !== null || !Buffer.isBuffer(third) || third.length !== 32) return
    if (typeof second === 'number' && rowid === 1) finds.head(second, third)
    if (typeof second === 'string' || second === null) finds.row(rowid, second, third)
  }

  function takeNews({ rowid, cells: [, handle, purpose, event] }: Carved): void {
    if (rowid === undefined || typeof handle !== 'string' || typeof purpose !== 'string' || event !== 'given') return
    news.push({ handle, purpose, event })
  }

  function takeSeen({ rowid, cells: [record, number] }: Carved): void {
    if (rowid !== undefined || typeof record !== 'string' || typeof number !== 'number') return
    seen.set(record, Math.max(number, seen.get(record) ?? 0))
  }

  function keepSeen({ id, openedAt }: ConsentRecord, now: number): void {
    const number = seen.get(id) ?? 0
    // Nothing proves it, so it must at least be possible.
    if (number * week < openedAt - week || number * week > now) return
    sql.prepare('INSERT OR REPLACE INTO consent_seen VALUES (?, ?)').run(id, number)
  }

  function whole(now: number): Salvaged | undefined {
    const heads = [markBeside(file, key).read(), finds.newestHead(key)].flatMap((head) => head ?? [])
    const [newest] = heads.sort((a, b) => b.seq - a.seq)
    const chain = newest && finds.chainTo(newest)
    if (!chain) return undefined
    putChain(database, key, chain.rows)
    const living = [...recordsOf(chain.entries).values()].filter(isLive)
    const handles = new Set(living.flatMap(openHandles))
    const ends = historyOf(chain.entries).filter(isEnd)
    openNews(database).note([...news.filter(({ handle }) => handles.has(handle)), ...ends])
    for (const record of living) keepSeen(record, now)
    spendCaps(database, handles)
    return { state: 'whole', ended: handlesOf(ends) }
  }

  function nothing(now: number, alsoTold: readonly Told[]): Salvaged {
    const named = [...[...finds.texts()].flatMap(toldIn), ...alsoTold]
    const ends = [...new Map(named.map((one) => [one.handle, { ...one, event: 'expired' as const }])).values()]
    openNews(database).note(ends)
    // The mark names another record than this, so that every key is erased when it is opened.
    openChain(database, key).append([{ type: 'restored' }], now)
    return { state: 'void', ended: handlesOf(ends) }
  }

  return {
    take(record) {
      const { length } = record.cells
      if (length === carvedConsentColumns.event) takeEvent(record)
      if (length === carvedConsentColumns.news) takeNews(record)
      if (length === carvedConsentColumns.seen) takeSeen(record)
    },
    page(bytes) {
      for (const [text] of bytes.toString('latin1').matchAll(entryTexts))
        if (text.includes('"prev":"')) finds.text(text)
    },
    finish({ now, isUsed, alsoTold }) {
      if (!isUsed && finds.isEmpty) return { state: 'unused', ended: new Set() }
      return whole(now) ?? nothing(now, alsoTold)
    },
  }
}

function handlesOf(news: readonly ConsentNews[]): ReadonlySet<string> {
  return new Set(news.map(({ handle }) => handle))
}

/** Read by pattern, since it may be damaged elsewhere. An end of a handle that never was does no harm. */
function toldIn(text: string): Told[] {
  const [, handle] = /"handle":"([\w-]{22})"/.exec(text) ?? []
  const [, purpose] = /"purpose":"([a-z0-9][a-z0-9-]{0,31})"/.exec(text) ?? []
  return handle && purpose ? [{ handle, purpose }] : []
}
