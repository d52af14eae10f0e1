import { createHash } from 'node:crypto'
import { minute } from '../base/duration.ts'

/**
 * Which sealed questions were answered of late, so that one that was recorded on its way is not answered again: by the hash
 * of the key that was made for that question, for as long as a word of freshness lasts.
 */
export interface AskedOnce {
  /** True the first time. @param now monotonic ms */
  isFirst(ephemeral: Buffer, now: number): boolean
}

const remembered = 10 * minute
/** A flood pushes old ones out no earlier than this many later. */
const most = 50_000

export function createAskedOnce(): AskedOnce {
  const seen = new Map<string, number>()

  function forget(now: number): void {
    for (const [key, at] of seen) {
      if (now - at < remembered && seen.size <= most) return
      seen.delete(key)
    }
  }

  return {
    isFirst(ephemeral, now) {
      forget(now)
      const key = createHash('sha256').update(ephemeral).digest('base64url').slice(0, 22)
      if (seen.has(key)) return false
      seen.set(key, now)
      return true
    },
  }
}
