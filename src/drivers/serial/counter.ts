import { mostPeople } from './plausible.ts'
import { createRecentLines } from './recent-lines.ts'

/** One valid line of a counter that counts by itself (README, "JSON lines from a counter"). */
export type CounterLine = Passed | Heartbeat

interface Numbered {
  readonly dev: string
  /** Rises by one a line. */
  readonly seq: number
  /** ms since the counter started. */
  readonly t: number
}

export interface Passed extends Numbered {
  readonly ev: 'in' | 'out'
  readonly n: number
}

export interface Heartbeat extends Numbered, People {
  readonly ev: 'hb'
}

export interface People {
  readonly in: number
  readonly out: number
}

/** What a line proves: people nobody was told of before, or why it proves nothing. */
export type Proven = People | 'repeated' | 'implausible'

/** The account of one life of the counter, from one start to the next, on the scale of its own totals. */
interface Life {
  /** What it has counted, as far as its lines say. */
  readonly claimed: People
  /** What was passed on; above `claimed` where totals do not bear out the events. */
  readonly told: People
  /** Its last totals, its time then and ours. Without them counting starts at the first. */
  readonly proof?: { readonly totals: People; readonly t: number; readonly at: number }
}

/** The life before a restart, until the first totals after it settle what they count from. */
interface Ended {
  readonly life: Life
  /** When it was last heard. */
  readonly at: number
}

/** One way to read new totals: what of them was told, and how many people more can be. */
interface Claim {
  readonly told: People
  readonly limit: number
}

const nobody: People = { in: 0, out: 0 }
const perSecond = 10
// Lines may wait in buffers while the box is busy.
const grace = 10_000
const oldLinesUntilBelieved = 3
// millis() of the usual boards is 32 bits wide and starts again after 49.7 days.
const clockRange = 2 ** 32
const clockMargin = 10 * 60_000

/**
 * Keeps the account of one counter. An event is early news, the totals of a heartbeat are the proof: they repair lost
 * lines, and what was told without their bearing it out is taken back by swallowing the next events. The first totals
 * are where counting starts, never people. `t` or totals going back mean that the counter restarted; its new
 * totals then count from 0, as far as that is plausible. Pure: `at` is when the line was heard, in monotonic ms.
 */
export function createCounterAccount(): { take(line: CounterLine, at: number): Proven } {
  const recent = createRecentLines()
  let last: (Numbered & { readonly at: number }) | undefined
  let life: Life = { claimed: nobody, told: nobody }
  let ended: Ended | undefined
  let oldInRow = 0

  function place(line: CounterLine): 'next' | 'repeated' | 'restarted' | 'another' {
    if (line.dev !== last?.dev) return 'another'
    if (recent.hold(line)) return 'repeated'
    if (line.t < last.t && !hasWrapped(last.t, line.t)) return 'restarted'
    if (line.seq > last.seq) return 'next'
    // One corrupted seq must not silence the counter for good; until then the totals repair what is left out.
    return ++oldInRow < oldLinesUntilBelieved ? 'repeated' : 'next'
  }

  function restart(at: number, silentSince: number): void {
    ended = { life, at: silentSince }
    life = { claimed: nobody, told: nobody, proof: { totals: nobody, t: 0, at } }
  }

  function event(line: Passed, elapsed: number): Proven {
    if (line.n > mostPeople(elapsed, perSecond)) return 'implausible'
    const claimed = { ...life.claimed, [line.ev]: life.claimed[line.ev] + line.n }
    const news = excess(claimed, life.told)
    life = { ...life, claimed, told: most(claimed, life.told) }
    return news
  }

  function heartbeat(line: Heartbeat, at: number): Proven {
    const { proof } = life
    const totals = { in: line.in, out: line.out }
    if (proof && !ended && isBelow(totals, proof.totals)) {
      // What was told since the last totals is taken to be of the new life: rather one too few than one twice.
      const since = excess(life.claimed, proof.totals)
      restart(at, proof.at)
      life = { ...life, claimed: since, told: since }
    }
    const claims = ended ? claimsAfter(ended, life, line, at) : [claimWithin(life, line, at)]
    const claim = claims.find(({ told, limit }) => isWithin(excess(totals, told), limit))
    life = { claimed: totals, told: claim ? most(totals, claim.told) : totals, proof: { totals, t: line.t, at } }
    ended = undefined
    if (claim) return excess(totals, claim.told)
    return proof ? 'implausible' : nobody
  }

  return {
    take(line, at) {
      const placed = place(line)
      if (placed === 'repeated') return placed
      if (placed === 'restarted') restart(at, last!.at)
      if (placed === 'another') life = { claimed: nobody, told: nobody }
      if (placed === 'another') ended = undefined
      if (placed !== 'next' || line.seq <= last!.seq) recent.clear()
      const elapsed = placed === 'next' ? elapsedBetween(last!, { t: line.t, at }) : 0
      last = { dev: line.dev, seq: line.seq, t: line.t, at }
      recent.add(line)
      oldInRow = 0
      return line.ev === 'hb' ? heartbeat(line, at) : event(line, elapsed)
    },
  }
}

function claimWithin({ told, proof }: Life, line: Heartbeat, at: number): Claim {
  if (!proof) return { told: line, limit: -1 }
  return { told, limit: mostPeople(elapsedBetween(proof, { t: line.t, at }), perSecond) }
}

/** After a restart the totals count from 0, unless only the time went wrong for a moment and they simply go on. */
function claimsAfter(ended: Ended, life: Life, line: Heartbeat, at: number): Claim[] {
  const silence = at - ended.at
  const fromZero = { told: life.told, limit: mostPeople(Math.min(line.t, silence + grace), perSecond) }
  const { proof, told } = ended.life
  if (!proof || isBelow(line, proof.totals)) return [fromZero]
  const onward = { told: plus(told, life.told), limit: mostPeople(silence, perSecond) }
  // A counter older than the silence cannot have started in it.
  return line.t <= silence + grace ? [fromZero, onward] : [onward, fromZero]
}

interface Moment {
  readonly t: number
  readonly at: number
}

/** By the counter's own clock, as far as ours bears it out: one wrong digit in `t` must not make room for a crowd. */
function elapsedBetween(earlier: Moment, later: Moment): number {
  return Math.min(timeBetween(earlier.t, later.t), later.at - earlier.at + grace)
}

function timeBetween(earlier: number, later: number): number {
  return later >= earlier ? later - earlier : later - earlier + clockRange
}

function hasWrapped(earlier: number, later: number): boolean {
  return earlier > clockRange - clockMargin && earlier < clockRange && timeBetween(earlier, later) < 2 * clockMargin
}

function excess(people: People, told: People): People {
  return { in: Math.max(0, people.in - told.in), out: Math.max(0, people.out - told.out) }
}

function most(a: People, b: People): People {
  return { in: Math.max(a.in, b.in), out: Math.max(a.out, b.out) }
}

function plus(a: People, b: People): People {
  return { in: a.in + b.in, out: a.out + b.out }
}

function isBelow(people: People, totals: People): boolean {
  return people.in < totals.in || people.out < totals.out
}

function isWithin(people: People, limit: number): boolean {
  return people.in <= limit && people.out <= limit
}
