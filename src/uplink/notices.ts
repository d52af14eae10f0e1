import type { Outgoing } from './feed.ts'

/** Notices on their way out: of each kind only the newest, and none that the broker was told already. */
export interface NoticeBoard {
  post(notice: Outgoing): void
  next(): Outgoing | undefined
  /** A new connection: the broker may have forgotten. */
  connected(): void
}

export function createNoticeBoard(): NoticeBoard {
  const waiting = new Map<string, Outgoing>()
  const told = new Map<string, Buffer>()
  return {
    post(notice) {
      if (told.get(notice.topic)?.equals(notice.bytes)) waiting.delete(notice.topic)
      else waiting.set(notice.topic, notice)
    },
    next() {
      const [notice] = waiting.values()
      if (!notice) return undefined
      waiting.delete(notice.topic)
      told.set(notice.topic, notice.bytes)
      return notice
    },
    connected: () => told.clear(),
  }
}
