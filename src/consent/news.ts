import type { Database } from '../base/database.ts'
import type { ConsentNews } from './choice.ts'

/**
 * What head office must still be told. Written in the transaction of the consent itself, whoever makes it, and taken out in
 * the transaction that queues it and voids what has not been sent: neither a crash nor a command beside the service loses it.
 */
export interface NewsDesk {
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

  return {
    note(news) {
      for (const { handle, purpose, event } of news) insert.run(handle, purpose, event)
    },
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
