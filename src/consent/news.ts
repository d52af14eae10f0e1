import type { Database } from '../base/database.ts'
import { type ConsentNews, isEnd } from './choice.ts'

/**
 * What head office must still be told. Written in the transaction of the consent itself, whoever makes it, and taken out in
 * the transaction that queues it and voids what has not been sent: neither a crash nor a command beside the service loses it.
 */
export interface NewsDesk {
  /**
   * A row that the disk changed names nobody, and whose end it was is not known: then every end is told once more, which
   * harms nobody. Call before anything is handed over. @param history all that head office was ever to be told
   */
  mend(history: () => readonly ConsentNews[]): void
  /** Inside a transaction of the caller. */
  note(news: readonly ConsentNews[]): void
  /** Hands over everything in order; what it does and the taking out are one transaction. @returns how many */
  passOn(work: (news: readonly ConsentNews[]) => void): number
}

export function openNews(database: Database): NewsDesk {
  const sql = database.connection
  const insert = sql.prepare<[string, string, string]>(
    'INSERT INTO consent_news (handle, purpose, event) VALUES (?, ?, ?)',
  )
  const select = sql.prepare<[], ConsentNews>('SELECT handle, purpose, event FROM consent_news ORDER BY id')
  const remove = sql.prepare('DELETE FROM consent_news')

  function note(news: readonly ConsentNews[]): void {
    for (const { handle, purpose, event } of news) insert.run(handle, purpose, event)
  }

  return {
    mend(history) {
      const waiting = select.all()
      if (waiting.length === 0) return
      const told = history()
      const known = new Set(told.map(asText))
      const others = waiting.filter((one) => !known.has(asText(one)))
      if (others.length === 0) return
      database.transaction(() => {
        remove.run()
        // Ends of a record that could not be salvaged are in no history.
        note([...waiting.filter((one) => known.has(asText(one)) || isEndOfAny(one)), ...told.filter(isEnd)])
      })
    },
    note,
    passOn(work) {
      return database.transaction(() => {
        const news = select.all()
        if (news.length === 0) return 0
        work(news)
        remove.run()
        return news.length
      })
    },
  }
}

function asText({ handle, purpose, event }: ConsentNews): string {
  return JSON.stringify([handle, purpose, event])
}

function isEndOfAny({ handle, purpose, event }: ConsentNews): boolean {
  const isEvent = event === 'withdrawn' || event === 'expired'
  return isEvent && /^[\w-]{22}$/.test(handle) && /^[a-z0-9][a-z0-9-]{0,31}$/.test(purpose)
}
