import { type ClockEvidence, readClockEvidence } from './clock-evidence.ts'
import { day, minute, second } from './duration.ts'

/**
 * May the wall time be put on a release? Yes once a time server was reached, or when a hardware clock set it that is not
 * behind what was already written, or when the owner says so (`clock: trusted`). A clock once trusted stays trusted:
 * without network it drifts by seconds a day, and slots last minutes.
 */
export interface ClockTrust {
  isTrusted(): boolean
  /** One sentence for staff and log. */
  why(): string
  /** Resolves after the first look. */
  readonly looked: Promise<void>
  /** Stops looking. */
  close(): void
}

export interface ClockTrustParts {
  readonly setting: 'auto' | 'trusted'
  /** Wall ms of the last durable write; 0 when there was none. */
  readonly lastCommit: () => number
  /** Wall ms. */
  readonly now: () => number
  /** What the machine knows of its clock; replaced in tests. */
  readonly read?: () => Promise<ClockEvidence>
  /** Calls back once after `ms`; replaced in tests. */
  readonly after?: (ms: number, callback: () => void) => () => void
}

const lookEvery = 10 * second

/** Looks at once and every 10 seconds until the clock is trusted. Never throws and never waits in the event loop. */
export function watchClockTrust(parts: ClockTrustParts): ClockTrust {
  const { setting, read = readClockEvidence, after = afterUnreferenced } = parts
  let verdict: ClockVerdict = { isTrusted: false, why: 'The clock was not looked at yet.' }
  let cancel = () => {}
  let isClosed = false

  async function look(): Promise<void> {
    const evidence = await read().catch(() => nothingKnown)
    verdict = judgeClock(evidence, parts.lastCommit(), parts.now())
    if (!verdict.isTrusted && !isClosed) cancel = after(lookEvery, () => void look())
  }

  if (setting === 'trusted') verdict = { isTrusted: true, why: 'The configuration says that the clock is right.' }
  return {
    isTrusted: () => verdict.isTrusted,
    why: () => verdict.why,
    looked: verdict.isTrusted ? Promise.resolve() : look(),
    close() {
      isClosed = true
      cancel()
    },
  }
}

export interface ClockVerdict {
  readonly isTrusted: boolean
  readonly why: string
}

const nothingKnown: ClockEvidence = {
  isMarkedSynchronised: false,
  isKernelSynchronised: false,
  chrony: '',
  hardware: [],
}

// A hardware clock without a battery starts at 1970, 2000 or the day its driver was written.
const oldestPlausible = Date.UTC(2026, 0, 1)
// The system's clock must still be the one the hardware clock gave it, or somebody moved it by hand.
const apartAtMost = minute
// Hardware clocks drift by seconds a month; one that is years ahead of the last write was never set.
const silenceAtMost = 5 * 365 * day

/** Decides on evidence. `lastCommit` and `now` in wall ms. */
export function judgeClock(evidence: ClockEvidence, lastCommit: number, now: number): ClockVerdict {
  if (evidence.isMarkedSynchronised) return { isTrusted: true, why: 'systemd-timesyncd has set the clock.' }
  if (isChronySynchronised(evidence.chrony)) return { isTrusted: true, why: 'chrony keeps the clock.' }
  if (evidence.isKernelSynchronised) return { isTrusted: true, why: 'A time service keeps the clock.' }
  const clock = evidence.hardware.find((one) => one.setSystemTime)
  if (!clock) return { isTrusted: false, why: 'No time server was reached yet, and there is no hardware clock.' }
  const complaint = faultOf(clock.seconds * second, lastCommit, now)
  if (complaint)
    return { isTrusted: false, why: `No time server was reached yet, and the hardware clock ${complaint}.` }
  return { isTrusted: true, why: `The hardware clock ${clock.name} has set the clock.` }
}

function faultOf(hardware: number, lastCommit: number, now: number): string | undefined {
  if (hardware < oldestPlausible) return 'was never set'
  if (hardware < lastCommit) return 'is behind what was already recorded'
  if (lastCommit > 0 && hardware - lastCommit > silenceAtMost) return 'is years ahead of what was recorded'
  return Math.abs(hardware - now) > apartAtMost ? 'shows another time than the system' : undefined
}

/**
 * Reads one line of `chronyc -c tracking`: 14 fields, the first the reference and the last the leap status.
 * Reference 7F7F0101 is chrony's own clock (`local`), which knows no better than ours.
 */
export function isChronySynchronised(tracking: string): boolean {
  const fields = tracking.trim().split(',')
  const leap = fields.at(-1)
  return fields.length >= 14 && fields[0] !== '7F7F0101' && leap !== undefined && /^(Normal|Insert|Delete)/.test(leap)
}

function afterUnreferenced(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms).unref()
  return () => clearTimeout(timer)
}
