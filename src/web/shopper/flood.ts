import type { Clock } from '../../base/clock.ts'
import { minute } from '../../base/duration.ts'

/** Who asks too often. Kept in memory only, and forgotten as soon as a source has been quiet for a minute or two. */
export interface Flood {
  /** Takes one from what this source has left; false when nothing is. */
  mayAsk(source: string): boolean
}

export interface FloodLimits {
  /** A source may ask this often at once, and in each minute. Phones on mobile data share addresses, so it is many. */
  readonly perMinute: number
  /** All together. */
  readonly inAll: number
  /** As many sources are told apart; the rest shares one. */
  readonly sources: number
}

export const askLimits: FloodLimits = { perMinute: 60, inAll: 600, sources: 2000 }
export const readLimits: FloodLimits = { perMinute: 240, inAll: 3000, sources: 2000 }

interface Bucket {
  left: number
  at: number
}

export function createFlood(clock: Clock, limits: FloodLimits): Flood {
  const buckets = new Map<string, Bucket>()
  const all: Bucket = { left: limits.inAll, at: clock.monotonic() }

  function bucketOf(source: string, now: number): Bucket {
    if (!buckets.has(source) && buckets.size >= limits.sources) forgetQuiet(now)
    const name = buckets.has(source) || buckets.size < limits.sources ? source : 'others'
    const bucket = buckets.get(name) ?? { left: limits.perMinute, at: now }
    buckets.set(name, bucket)
    return bucket
  }

  function forgetQuiet(now: number): void {
    for (const [source, { at }] of buckets) if (now - at > minute) buckets.delete(source)
  }

  return {
    mayAsk(source) {
      const now = clock.monotonic()
      const own = bucketOf(networkOf(source), now)
      return take(own, limits.perMinute, now) && take(all, limits.inAll, now)
    },
  }
}

function take(bucket: Bucket, perMinute: number, now: number): boolean {
  bucket.left = Math.min(perMinute, bucket.left + ((now - bucket.at) / minute) * perMinute)
  bucket.at = now
  if (bucket.left < 1) return false
  bucket.left -= 1
  return true
}

/** An IPv6 customer has 2^64 addresses at least, so all of a /64 are one source. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('::')
  const before = head.split(':')
  const after = tail.split(':').filter(Boolean)
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0') : []
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}
