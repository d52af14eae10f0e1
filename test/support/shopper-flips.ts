import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock } from '../../src/base/clock.ts'
import { condemn, isDamage } from '../../src/base/database.ts'
import { faultOf } from '../../src/base/database-check.ts'
import { day, hour } from '../../src/base/duration.ts'
import { slotBytes } from '../../src/consent/key-slots.ts'
import { restoreTag } from '../../src/shopper/tag.ts'
import { aBox, type Box, configOf } from '../shoppers/box.ts'
import { type Radios, withRadios } from '../shoppers/radios.ts'
import type { Flip } from './bit-flips.ts'
import { seededRandom } from './random.ts'
import { type Person, putFiles, type ShoppersImage } from './shoppers-image.ts'

export interface ShopperOutcome {
  /** What must never be: somebody granted who is not, a signal too many, an end that is lost, a healthy record that suffers. */
  readonly wrong: readonly string[]
  /** What became of the agreements. */
  readonly agreements: 'whole' | 'void' | 'closed'
  readonly restarts: number
}

const shares: readonly (readonly [file: string, upTo: number])[] = [
  ['drempel.db', 0.5],
  ['drempel.db-wal', 0.85],
  ['consent.keys', 0.93],
  ['consent.mark', 1],
]

/** The flip with this number: the same for the same seed and image. Of the keys only places that are taken, and a few more. */
export function shopperFlipOf({ files }: ShoppersImage, seed: number, number: number): Flip {
  const random = seededRandom(seed * 1_000_003 + number)
  const dice = random()
  const [named] = shares.find(([, upTo]) => dice < upTo)!
  // A log that was written back is empty.
  const file = files.get(named)?.length ? named : 'drempel.db'
  const length = file === 'consent.keys' ? 10 * slotBytes : files.get(file)!.length
  return { file, bit: Math.floor(random() * length * 8) }
}

/** Opens the box with that bit changed, lets it live on for a day, and compares with what is true. */
export function tryShopperFlip(image: ShoppersImage, scratch: string, flip: Flip): ShopperOutcome {
  const bytes = Buffer.from(image.files.get(flip.file)!)
  bytes[flip.bit >> 3]! ^= 1 << (flip.bit & 7)
  return tryFiles(image, scratch, new Map([...image.files, [flip.file, bytes]]), flip)
}

/** The same with any files. */
export function tryFiles(
  image: ShoppersImage,
  scratch: string,
  files: ReadonlyMap<string, Buffer>,
  flip?: Flip,
): ShopperOutcome {
  const folder = join(scratch, 'copy')
  mkdirSync(folder, { recursive: true })
  putFiles(folder, files, keptIn === folder)
  keptIn = ''
  const sent: Message[] = []
  for (let restarts = 0; restarts < 4; restarts += 1) {
    const outcome = lifeOf(folder, image, sent, flip)
    if (outcome?.agreements === 'whole') keptIn = folder
    if (outcome) return { ...outcome, restarts }
  }
  return { wrong: ['it does not start'], agreements: 'closed', restarts: 4 }
}

/** Where the last trial left most of the keys as they were: they are six megabytes. */
let keptIn = ''

type Message = Record<string, unknown>

/** undefined when damage was met on the way and the service starts anew, as systemd would. */
function lifeOf(folder: string, image: ShoppersImage, sent: Message[], flip: Flip | undefined) {
  const path = join(folder, 'drempel.db')
  let box: Box | undefined
  try {
    box = aBox(configOf(), manualClock(image.now), folder)
    // What leaves before the file was looked at as a whole has left.
    sent.push(...box.sent())
    if (faultOf(path)) {
      condemn(path)
      return undefined
    }
    return judge(box, image, sent, flip)
  } catch (error) {
    if (!isDamage(error)) throw error
    condemn(path)
    return undefined
  } finally {
    box?.close()
  }
}

function judge(box: Box, image: ShoppersImage, sent: Message[], flip: Flip | undefined) {
  const wrong: string[] = []
  const must = (holds: boolean, what: string) => void (holds || wrong.push(what))
  const radios = withRadios(box)
  box.pass(1000)
  const agreements = agreementsOf(box, image)
  const isOver = ({ is }: Person) => is === 'ended' || agreements === 'void'
  const lostSlot = flip?.file === 'consent.keys' ? Math.floor(flip.bit / 8 / slotBytes) : undefined
  const before = box.sent()
  sent.push(...before)
  for (const person of image.people) {
    const mayBe = person.is === 'granted' && agreements === 'whole'
    const isHeard = hears(box, radios, person)
    must(mayBe || !isHeard, `${person.name} is recognised`)
    const isLost = lostSlot !== undefined && lostSlot === person.slot
    must(!mayBe || !person.tag || isHeard || isLost, `${person.name} is not recognised`)
    must(mayBe || !isGranted(box, person), `${person.name} is granted`)
    must(!mayBe || isGranted(box, person), `${person.name} lost the agreement`)
  }
  const others = image.people.filter(({ is }) => is !== 'granted').flatMap(({ handles }) => handles)
  const fresh = box.sent().slice(before.length)
  must(!fresh.some(({ handle }) => others.includes(String(handle))), 'a signal of one who is paused or over is made')
  if (agreements !== 'closed') liveOn(box, radios, image, agreements, must)
  const last = box.sent()
  sent.push(...last)
  const over = new Set([...image.people.filter(isOver).flatMap(({ handles }) => handles), ...image.ended])
  const isEnd = ({ event }: Message) => event === 'withdrawn' || event === 'expired'
  const ends = new Set(sent.filter(isEnd).map(({ handle }) => handle))
  if (agreements !== 'closed')
    for (const handle of over) must(ends.has(handle), `the end of ${nameOf(image, handle)} is lost`)
  const told = sent.filter((one) => over.has(String(one.handle)) && !isEnd(one))
  // Until a void record is known to be void, its signals wait as they did.
  const late = agreements === 'void' ? last.filter((one) => over.has(String(one.handle)) && !isEnd(one)) : told
  for (const { handle } of late) must(false, `something of ${nameOf(image, handle)} leaves after the end`)
  return { wrong, agreements }
}

type Must = (holds: boolean, what: string) => void

/** Who left stays away, who stayed is told of on the next day. */
function liveOn(box: Box, radios: Radios, { people }: ShoppersImage, agreements: string, must: Must): void {
  const [alice, bob] = [people[0]!, people[1]!]
  const left = box.ask({ ask: 'leave', secret: alice.secret })
  must(left.state === 'left', `leaving is answered ${JSON.stringify(left)}`)
  must(!hears(box, radios, alice) && !isGranted(box, alice), 'alice is recognised after leaving')
  box.pass(day, 4 * hour)
  const before = box.sent()
  const ends = before.filter(({ event, handle }) => event !== 'given' && alice.handles.includes(String(handle)))
  must(ends.length >= alice.handles.length, 'the end of alice is lost')
  const isHeard = hears(box, radios, bob)
  const fresh = box.sent().slice(before.length)
  const isTold = fresh.some(({ event, handle }) => event === 'arrived' && bob.handles.includes(String(handle)))
  must(isTold === isHeard, 'bob is not told of on the next day')
  must(!isHeard || agreements === 'whole', 'bob is recognised on the next day')
}

function agreementsOf(box: Box, { people }: ShoppersImage): ShopperOutcome['agreements'] {
  const states = people.filter(({ is }) => is === 'granted').map((one) => box.ask({ ask: 'see', secret: one.secret }))
  if (states.every((one) => one.state === 'declined' && one.why === 'off')) return 'closed'
  const isOver = states.every((one) => one.state !== 'seen' || one.purposes.every(({ state }) => state === 'expired'))
  return isOver ? 'void' : 'whole'
}

function isGranted(box: Box, { secret }: Person): boolean {
  const seen = box.ask({ ask: 'see', secret })
  if (seen.state !== 'seen' || seen.isPaused) return false
  return seen.purposes.some(({ state }) => state === 'given' || state === 'changed')
}

function hears(box: Box, radios: Radios, { tag }: Person): boolean {
  if (!tag) return false
  radios.recognised()
  radios.say(restoreTag(tag, { now: () => box.clock.now() }).advert())
  return radios.recognised() > 0
}

function nameOf({ people }: ShoppersImage, handle: unknown): string {
  return people.find(({ handles }) => handles.includes(String(handle)))?.name ?? 'somebody'
}
