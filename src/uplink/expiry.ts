import { day, second } from '../base/duration.ts'
import { undated } from './outbox-schema.ts'

const expiry = 90 * day
// However old it is: a consumer that sleeps shall still find it in the morning.
const leastExpiry = day

/**
 * Seconds for which a broker should keep a message that was put at wall ms `createdAt`, counted from this sending;
 * null for one without age. @param now wall ms
 */
export function secondsOfUse(createdAt: number | null, now: number): number | null {
  if (createdAt === null) return null
  const left = createdAt === undated ? expiry : createdAt + expiry - now
  return Math.ceil(Math.min(Math.max(left, leastExpiry), expiry) / second)
}
