import type { Outgoing } from './feed.ts'

/** Notices on their way out: of each kind only the newest, and none that the broker was told already. */
export interface NoticeBoard {
  post(notice: Outgoing): void
  next(): Outgoing | undefined
  /** One of those that are in doubt, for when there is nothing else to send. */
  nextInDoubt(): Outgoing | undefined
  /** Connections ended over it: it may end the next one too, but must not hold up what others wait for. */
  doubt(topic: string): void
  taken(topic: string): void
  /** The next broker may know nothing of what this one was told. */
  lost(): void
}

export function createNoticeBoard(): NoticeBoard {
  const waiting = new Map<string, Outgoing>()
  const told = new Map<string, Buffer>()
  const doubtful = new Set<string>()

  function take(isInDoubt: boolean): Outgoing | undefined {
    const notice = waiting.values().find(({ topic }) => doubtful.has(topic) === isInDoubt)
    if (!notice) return undefined
    waiting.delete(notice.topic)
    told.set(notice.topic, notice.bytes)
    return notice
  }

  return {
    post(notice) {
      if (told.get(notice.topic)?.equals(notice.bytes)) waiting.delete(notice.topic)
      else waiting.set(notice.topic, notice)
    },
    next: () => take(false),
    nextInDoubt: () => take(true),
    doubt: (topic) => void doubtful.add(topic),
    taken: (topic) => void doubtful.delete(topic),
    lost: () => told.clear(),
  }
}
