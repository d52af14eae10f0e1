import { minute, second } from '../base/duration.ts'
import type { Loss } from './courier-words.ts'

/**
 * How long to wait before connecting again: full jitter below a ceiling that doubles, so that thousands of boxes do not
 * come back in step. Who was refused waits minutes: trying harder does not help.
 * @param attempt failures in a row, from 0
 * @param random in [0, 1)
 */
export function backoff(attempt: number, why: Loss, random: number): number {
  const [least, start, most] = why === 'refused' ? [minute, 2 * minute, 30 * minute] : [second, 2 * second, 5 * minute]
  const ceiling = Math.min(start * 2 ** Math.min(attempt, 20), most)
  return least + random * (ceiling - least)
}
