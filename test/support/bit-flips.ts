import { join } from 'node:path'
import { boxKey } from '../../src/base/data-folder.ts'
import { condemn, isDamage } from '../../src/base/database.ts'
import { faultOf } from '../../src/base/database-check.ts'
import { type Box, type Image, layOut, openBox, payloadsOf, servedBy, type Truth, totalsOf } from './damaged-box.ts'
import { seededRandom } from './random.ts'

/** One bit of one file. */
export interface Flip {
  readonly file: string
  readonly bit: number
}

export interface Outcome {
  /** What must never be: a wrong value, a healthy row that is not served, a second draw, damage that is not told. */
  readonly wrong: readonly string[]
  /** How often the box had to begin anew. */
  readonly restarts: number
  readonly isTold: boolean
  readonly lost: number
}

/** Up to where each file's part of a throw reaches. */
const shares: readonly (readonly [file: string, upTo: number])[] = [
  ['drempel.db', 0.7],
  ['drempel.db-wal', 0.9],
  ['accepted.json', 0.95],
  ['accepted-copy.json', 0.97],
  ['key', 0.99],
  ['key-copy', 1],
]

/** The flip with this number: the same for the same seed and image. */
export function flipOf({ files }: Image, seed: number, number: number): Flip {
  const random = seededRandom(seed * 1_000_003 + number)
  const dice = random()
  const [file] = shares.find(([, upTo]) => dice < upTo)!
  return { file, bit: Math.floor(random() * files.get(file)!.length * 8) }
}

/** Opens the box with that bit changed, lets it serve all it has and live on for a day, and compares with the truth. */
export function tryFlip(image: Image, scratch: string, { file, bit }: Flip): Outcome {
  const bytes = Buffer.from(image.files.get(file)!)
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  const folder = layOut(scratch, new Map([...image.files, [file, bytes]]))
  for (let restarts = 0; restarts < 3; restarts += 1) {
    const outcome = lifeOf(folder, image.truth, restarts)
    if (outcome) return outcome
  }
  return { wrong: ['it does not start'], restarts: 3, isTold: true, lost: 0 }
}

const told: string[] = []

/** undefined when damage was met on the way and the service starts anew, as systemd would. */
function lifeOf(folder: string, truth: Truth, restarts: number): Outcome | undefined {
  if (restarts === 0) told.length = 0
  const path = join(folder, 'drempel.db')
  let box: Box | undefined
  try {
    box = openBox(folder, truth.now)
    const fault = faultOf(path)
    if (fault) {
      condemn(path)
      return undefined
    }
    return { ...judge(box, folder, truth), restarts }
  } catch (error) {
    if (!isDamage(error)) return { wrong: [`it failed: ${String(error)}`], restarts, isTold: true, lost: 0 }
    condemn(path)
    return undefined
  } finally {
    if (box) told.push(...box.errors())
    box?.storage.database.close()
  }
}

function judge(box: Box, folder: string, truth: Truth): Omit<Outcome, 'restarts'> {
  const { storage } = box
  const wrong: string[] = []
  let lost = 0
  const must = (holds: boolean, what: string) => void (holds || wrong.push(what))
  must(boxKey(folder).toString('hex') === truth.key, 'another key')
  must(box.window === truth.window, 'another configuration runs')

  const served = servedBy(storage)
  const gone = storage.outbox.stats().shed ?? []
  const isGone = (seq: number) => gone.some(([from, to]) => seq >= from && seq <= to)
  for (const [seq, bytes] of served) must(truth.sent.get(seq) === bytes, `seq ${seq} is served with other bytes`)
  const unserved = [...truth.served.keys()].filter((seq) => !served.has(seq))
  for (const seq of unserved) must(isGone(seq), `seq ${seq} is not served and not named`)
  must(unserved.length <= 1, `${unserved.length} rows are not served`)
  for (const seq of served.keys()) must(!isGone(seq), `seq ${seq} is named as gone and served`)
  lost += unserved.length
  const isGoneChanged = JSON.stringify(storage.outbox.stats().shed) !== truth.gone
  const stored = JSON.stringify(storage.outbox.stored('aggregates'))
  must(stored === truth.stored || stored === '{"upTo":0,"missing":[]}', `stored is ${stored}`)

  for (const [key, payloads] of payloadsOf(storage)) {
    const right = truth.payloads.get(key)!
    for (const payload of payloads) must(right.includes(payload), `${key} has another payload`)
    lost += right.length - payloads.length
    must(right.length - payloads.length <= 1, `${key} lacks ${right.length - payloads.length} payloads`)
  }
  const { wasLess } = compareTotals(box, truth, must)
  must(storage.journal.lastSeq() >= truth.lastSeq - 2, 'seq goes back')
  must(storage.session() >= truth.session, 'session goes back')

  const knowsLess = lost > 0 || wasLess || isGoneChanged || stored !== truth.stored
  liveOn(box, truth, must)
  const isTold = storage.quarantined() > 0 || told.length > 0 || box.errors().length > 0
  must(!knowsLess || isTold, 'less is there and nothing is told')
  return { wrong, isTold, lost }
}

type Must = (holds: boolean, what: string) => void

/** Each total is the true one, or lost, or is gone and its day's coverage will say so. */
function compareTotals({ storage }: Box, truth: Truth, must: Must): { wasLess: boolean } {
  let wasLess = false
  for (const [zone, total] of totalsOf(storage)) {
    must([truth.totals.get(zone), '"lost"', 'null'].includes(total), `the total of ${zone} is ${total}`)
    wasLess ||= total !== truth.totals.get(zone) && total !== 'null'
  }
  return { wasLess: wasLess && storage.quarantined() > 0 }
}

/** To the middle of the next day: no slot twice, no number twice. */
function liveOn(box: Box, truth: Truth, must: Must): void {
  box.wall.tick()
  box.until(new Date(truth.now + 23.5 * 3_600_000).toISOString(), 2 * 3_600_000)
  for (const { release, outgoing } of box.sent) {
    must(!truth.drawn.has(release.id), `${release.id} is drawn a second time`)
    must(!truth.sent.has(release.seq), `seq ${release.seq} is given out again`)
    must(outgoing.bytes.length > 0, 'it is empty')
  }
  const seqs = box.sent.map(({ release }) => release.seq)
  must(new Set(seqs).size === seqs.length, 'a seq comes twice')
  const next = box.sent.filter(({ release }) => release.missing === null)
  must(next.length > 0, 'nothing is counted on the next day')
}
