import { type Log, openLog } from '../../../src/base/log.ts'
import type { OptInToken } from '../../../src/drivers/reading.ts'

/** Tokens that tell themselves apart, a new one each `period` ms, of a shop that may close. */
export function rotatingToken(period = 60_000) {
  const begun = performance.now()
  const given: string[] = []
  let isOpen = true
  let skipped = 0
  const passed = () => performance.now() - begun
  const tokenOf = (n: number) => Buffer.from((n + 1).toString(16).padStart(4, '0').repeat(4), 'hex')
  const tokenAt = (at: number) => tokenOf(Math.floor(at / period) + skipped)
  const current = () => tokenAt(passed())

  function optIn(): OptInToken | null {
    if (!isOpen) return null
    // Of one moment, or a token at its end would seem to have a whole period to go.
    const at = passed()
    const token = tokenAt(at)
    const text = token.toString('hex')
    if (given.at(-1) !== text) given.push(text)
    return { token, changesInMs: period - (at % period) }
  }

  return {
    optIn,
    current,
    /** Those that were asked for, in hex, in order. */
    given: () => given,
    /** Goes to the next one before its time. */
    next: () => void skipped++,
    close: () => {
      isOpen = false
    },
    reopen: () => {
      isOpen = true
    },
  }
}

export interface KeptLog {
  readonly log: Log
  readonly lines: string[]
}

/** A log whose lines a test can read. */
export function keptLog(): KeptLog {
  const lines: string[] = []
  return { lines, log: openLog('debug', (line) => void lines.push(line)) }
}
