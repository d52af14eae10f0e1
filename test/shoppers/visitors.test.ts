import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hour, minute, second } from '../../src/base/duration.ts'
import type { Closing } from '../../src/privacy/closing.ts'
import type { Tag } from '../../src/shopper/tag.ts'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { aBox, type Box, checkIn, configOf, join30, receiptOf } from './box.ts'
import { beginTag, hold, withRadios } from './radios.ts'

/** What came to the boundary: the exact numbers, which are nowhere else to be seen. */
const closings: Closing[] = vi.hoisted(() => [])
vi.mock('../../src/privacy/boundary.ts', async (original) => {
  const ours = await original<typeof import('../../src/privacy/boundary.ts')>()
  return {
    ...ours,
    release(...[closing, bits]: Parameters<typeof ours.release>) {
      closings.push(closing)
      return ours.release(closing, bits)
    },
  }
})

/** Day and exact number of what was drawn since the last time. */
function drawn(): [string, number][] {
  const of = closings.splice(0).filter(({ series }) => series.kind === 'visitors')
  return of.map(({ slot, counts }) => [slot.day, counts && 'visitors' in counts ? counts.visitors : Number.NaN])
}

const config = configOf({ privacy: '{ visitors: offers }' })
const monday = '2026-11-23'
let box: Box
let radios: ReturnType<typeof withRadios>

beforeEach(() => {
  closings.splice(0)
  box = aBox(config)
  box.pass(second)
  radios = withRadios(box)
})
afterEach(() => box.remove())

function restart(): void {
  box.close()
  box.open()
  radios.listen()
  box.pass(second)
}

function enrol(secret: string): Tag {
  const { tag, handOver } = beginTag(box, secret)
  hold(box, radios, tag)
  box.ask(handOver())
  return tag
}

const fresh = () => {
  const offer = box.ask({ ask: 'offer', language: 'nl' })
  return offer.state === 'offer' ? offer.fresh : ''
}
const rows = () => box.storage.database.connection.prepare('SELECT count(*) FROM consent_today').pluck().get()
const untilClosed = () => box.pass(Date.parse(`${monday}T17:00:05Z`) - box.clock.now(), minute)

describe('a shopper who agreed to be counted', () => {
  it('is counted once a day: on the page, by the tag, again, and after restarts', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    const tag = enrol(secret)
    for (let i = 0; i < 3; i++) {
      radios.say(tag.advert())
      restart()
      box.inTheShop({ ask: 'arrive', secret })
      box.pass(20 * minute, minute)
    }
    expect(rows()).toBe(1)
    untilClosed()
    expect(drawn()).toEqual([[monday, 1]])
    expect(rows()).toBe(0)
  })

  it.each([
    ['the number is drawn', () => untilClosed()],
    ['they withdrew', (secret: string) => void box.ask({ ask: 'leave', secret })],
  ])('is nowhere in the bytes of the disk once %s', (_, end) => {
    const { secret } = receiptOf(box.inTheShop(join30))
    const row = `${box.storage.database.connection.prepare('SELECT record FROM consent_today').pluck().get()}${monday}offers`
    expect(box.bytes().includes(row)).toBe(true)
    end(secret)
    expect(box.bytes().includes(row)).toBe(false)
  })

  it('is counted by the tag alone on the next day', () => {
    const tag = enrol(receiptOf(box.inTheShop(join30)).secret)
    untilClosed()
    box.pass(16 * hour, minute)
    radios.say(tag.advert())
    box.pass(9 * hour, minute)
    expect(drawn()).toEqual([
      [monday, 1],
      ['2026-11-24', 1],
    ])
  })

  it.each([
    ['takes back that purpose', { ask: 'change', purpose: 'offers', days: null, language: 'nl' }, 0],
    ['takes back another', { ask: 'change', purpose: 'presence', days: null, language: 'nl' }, 1],
    ['leaves', { ask: 'leave' }, 0],
    ['pauses after they were seen', { ask: 'pause' }, 1],
  ])('and %s', (_, question, left) => {
    const choices = ['offers', 'presence'].map((purpose) => ({ purpose, days: 30 }))
    const { secret } = receiptOf(box.inTheShop({ ...join30, choices }))
    box.ask({ ...question, ...(question.ask === 'change' ? { fresh: fresh() } : {}), secret })
    expect(rows()).toBe(left)
    untilClosed()
    expect(drawn()).toEqual([[monday, left]])
  })

  it('is the only one: neither another purpose nor a visit of today counts', () => {
    receiptOf(box.inTheShop({ ...join30, choices: [{ purpose: 'presence', days: 30 }] }))
    receiptOf(box.inTheShop(checkIn))
    untilClosed()
    expect(drawn()).toEqual([[monday, 0]])
  })

  it('cannot be told of where the record is broken: the number is lost, and nobody stays on the disk', () => {
    receiptOf(box.inTheShop(join30))
    const sql = box.storage.database.connection
    const trigger = sql.prepare("SELECT sql FROM sqlite_schema WHERE name = 'consent_event_fixed'").pluck().get()
    sql.exec("DROP TRIGGER consent_event_fixed; UPDATE consent_event SET body = replace(body, 'nl', 'de')")
    sql.exec(String(trigger))
    expect(rows()).toBe(1)
    box.close()
    // Before the service starts anew, which sits the day out.
    box.open(undefined, false)
    untilClosed()
    expect(closings.findLast(({ series }) => series.kind === 'visitors')).toMatchObject({ missing: 'lost' })
    expect(rows()).toBe(0)
  })
})

describe('whatever happens', () => {
  interface Person {
    secret: string
    id: string
    tag?: Tag
    agreed: Set<string>
    isPaused: boolean
  }

  /** Plain: who was seen on a day while what they agreed to held, and did not take it back since. */
  function plainModel() {
    const days = new Map<string, Set<string>>()
    return {
      days,
      seen({ id, agreed, isPaused }: Person): void {
        const local = new Date(box.clock.now() + hour).toISOString()
        if (local.slice(11, 16) < '09:00' || local.slice(11, 16) >= '18:00') return
        if (!agreed.has('offers') || isPaused) return
        const day = local.slice(0, 10)
        days.set(day, (days.get(day) ?? new Set()).add(id))
      },
      tookBack({ id }: Person): void {
        for (const day of days.values()) day.delete(id)
      },
    }
  }

  function live(seed: number): number {
    const random = seededRandom(seed)
    const model = plainModel()
    const people: Person[] = []
    let compared = 0

    function join(): void {
      const agreed = new Set(['offers', 'presence'].filter(() => random() < 0.7))
      const choices = [...agreed].map((purpose) => ({ purpose, days: 30 }))
      const answer = agreed.size > 0 ? box.inTheShop({ ...join30, choices }) : undefined
      if (answer?.state !== 'given') return
      const person: Person = { ...receiptOf(answer), agreed, isPaused: false }
      people.push(person)
      model.seen(person)
      if (random() < 0.5) person.tag = enrol(person.secret)
    }

    function change(person: Person): void {
      const purpose = random() < 0.7 ? 'offers' : 'presence'
      const days = random() < 0.5 ? 30 : null
      const { state } = box.ask({ ask: 'change', fresh: fresh(), secret: person.secret, purpose, days, language: 'nl' })
      if (state !== 'changed' && state !== 'left') return
      if (days !== null) person.agreed.add(purpose)
      else if (person.agreed.delete(purpose) && purpose === 'offers') model.tookBack(person)
    }

    const acts: ((person: Person) => void)[] = [
      join,
      (person) => {
        if (box.inTheShop({ ask: 'arrive', secret: person.secret }).state === 'done') model.seen(person)
      },
      (person) => {
        radios.recognised()
        if (person.tag) radios.say(person.tag.advert())
        if (radios.recognised() > 0) model.seen(person)
      },
      change,
      (person) => {
        if (box.ask({ ask: 'pause', secret: person.secret }).state === 'done') person.isPaused = true
      },
      (person) => {
        const { state } = box.ask({ ask: 'resume', fresh: fresh(), secret: person.secret })
        if (state === 'changed') person.isPaused = false
      },
      (person) => {
        if (random() < 0.7) return
        box.ask({ ask: 'leave', secret: person.secret })
        person.agreed.clear()
        model.tookBack(person)
      },
      () => void box.inTheShop(checkIn),
      restart,
      () => {
        // Off for a while, perhaps over the closing.
        box.close()
        box.clock.advanceTo(box.clock.monotonic() + random() * 8 * hour)
        box.open()
        radios.listen()
      },
    ]

    function compare(): void {
      for (const [day, number] of drawn()) {
        expect([day, number], `seed ${seed}`).toEqual([day, model.days.get(day)?.size ?? 0])
        model.days.delete(day)
        compared += 1
      }
    }

    join()
    for (let step = 0; step < 80; step++) {
      const person = people[Math.floor(random() * people.length)]
      const act = acts[Math.floor(random() * acts.length)]!
      if (person || act === join) act(person!)
      compare()
      box.pass(random() * (random() < 0.2 ? 5 * hour : 40 * minute), minute)
      compare()
    }
    return compared
  }

  it('the number that comes to the boundary is that of a plain model', async () => {
    let days = 0
    for (let seed = 1; seed <= trials(12, 40); seed++) {
      await new Promise(setImmediate)
      box.remove()
      box = aBox(config)
      box.pass(second)
      radios = withRadios(box)
      days += live(seed)
    }
    expect(days).toBeGreaterThan(trials(24, 80))
  }, 400_000)
})
