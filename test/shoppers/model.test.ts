import { expect, it } from 'vitest'
import { day, hour, minute } from '../../src/base/duration.ts'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { aBox, type Box, checkIn, configOf, receiptOf } from './box.ts'

/** What is true of one shopper, told once more in the simplest way. */
interface Shopper {
  readonly secret: string
  readonly kind: 'visit' | 'record'
  /** Handle and end of what is agreed to, by purpose. */
  readonly agreed: Map<string, { handle: string; until: number; config: number }>
  isPaused: boolean
}

const purposes = ['offers', 'presence']
const usual = configOf()
// The same but for the words, which stops everything that was agreed under the others.
const reworded = {
  ...usual,
  purposes: usual.purposes.map((one) => ({ ...one, texts: { nl: 'Anders gezegd.', en: 'In other words.' } })),
}
const configs = [usual, reworded]
const livesOfBox = 100

/**
 * Random lives of shoppers at one box: given, changed, expired, restricted, withdrawn, the notice changed, the box restarted.
 * Every signal that comes must be of somebody who agrees to its purpose at that moment; what ended must be void.
 */
it('no signal without a grant, through random lives', () => {
  const lives = trials(100, 600)
  const seen = { lives: 0, signals: 0, ends: 0, restarts: 0 }
  for (let seed = 1; seen.lives < lives; seed++) {
    const box = aBox(configs[0])
    live(box, seededRandom(seed), seen)
    box.remove()
  }
  console.info(`${seen.lives} lives: ${seen.signals} signals, ${seen.ends} ends, ${seen.restarts} restarts`)
  expect(seen.signals).toBeGreaterThan(lives / 2)
  expect(seen.ends).toBeGreaterThan(lives / 4)
})

function live(
  box: Box,
  random: () => number,
  seen: { lives: number; signals: number; ends: number; restarts: number },
): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let shoppers: Shopper[] = []
  const over = new Set<string>()
  let config = 0
  let known = 0
  box.pass(1000)

  const isOpen = () => box.shoppers.optIn() !== null
  const mayTell = (handle: string) =>
    shoppers.some(({ agreed, isPaused }) =>
      [...agreed.values()].some(
        (one) => one.handle === handle && !isPaused && one.until > box.clock.now() && one.config === config,
      ),
    )

  /** Judges every message since the last look, at the moment at which it came. */
  function look(): void {
    const sent = box.sent()
    for (const { seq, event, handle, zone } of sent.slice(known)) {
      if (zone !== undefined) {
        seen.signals++
        expect(mayTell(String(handle)), `signal ${event} with seq ${seq}`).toBe(true)
      }
      if (event === 'withdrawn' || event === 'expired') {
        seen.ends++
        over.add(String(handle))
      }
    }
    known = sent.length
    for (const { handle, event } of sent)
      if (over.has(String(handle))) expect(['withdrawn', 'expired']).toContain(event)
  }

  function take(kind: Shopper['kind'], answer: ReturnType<Box['ask']>, until: (purpose: string) => number): void {
    if (answer.state !== 'given') return
    const { secret } = receiptOf(answer)
    const receipt = JSON.parse(answer.receipt)
    const agreed = new Map<string, { handle: string; until: number; config: number }>()
    for (const { purpose, handle } of receipt.services[0].purposes)
      agreed.set(purpose, { handle, until: until(purpose), config })
    shoppers.push({ secret, kind, agreed, isPaused: false })
    seen.lives++
  }

  function freshWord(): string {
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    return offer.state === 'offer' ? offer.fresh : ''
  }

  const acts: Record<string, () => void> = {
    visit() {
      const closes =
        Date.parse('2026-11-23T17:00:00Z') +
        Math.floor((box.clock.now() - Date.parse('2026-11-23T00:00:00Z')) / day) * day
      take('visit', box.inTheShop({ ...checkIn, purposes: [pick(purposes)] }), () => closes)
    },
    join() {
      const days = 1 + Math.floor(random() * 5)
      const until = box.clock.now() + days * day
      const choices = purposes.filter(() => random() < 0.7).map((purpose) => ({ purpose, days }))
      if (choices.length > 0)
        take('record', box.inTheShop({ ask: 'join', age: 30, language: 'nl', choices }), () => until)
    },
    leave() {
      const shopper = pick(shoppers)
      if (!shopper) return
      expect(box.ask({ ask: 'leave', secret: shopper.secret }).state).toBe('left')
      shoppers = shoppers.filter((one) => one !== shopper)
    },
    change() {
      const shopper = pick(shoppers.filter(({ kind }) => kind === 'record'))
      if (!shopper) return
      const [purpose, days] = [pick(purposes), random() < 0.4 ? null : 1 + Math.floor(random() * 5)]
      const until = box.clock.now() + (days ?? 0) * day
      const answer = box.ask({
        ask: 'change',
        fresh: freshWord(),
        secret: shopper.secret,
        purpose,
        days,
        language: 'nl',
      })
      if (answer.state === 'changed') {
        const receipt = JSON.parse(answer.receipt)
        const now = receipt.services[0].purposes.find((one: { purpose: string }) => one.purpose === purpose)
        if (days === null) shopper.agreed.delete(purpose)
        else shopper.agreed.set(purpose, { handle: now.handle, until, config })
      }
      if (answer.state === 'left') shoppers = shoppers.filter((one) => one !== shopper)
    },
    pause() {
      const shopper = pick(shoppers)
      if (shopper && box.ask({ ask: 'pause', secret: shopper.secret }).state === 'done') shopper.isPaused = true
    },
    resume() {
      const shopper = pick(shoppers)
      if (shopper && box.ask({ ask: 'resume', fresh: freshWord(), secret: shopper.secret }).state === 'changed')
        shopper.isPaused = false
    },
    arrive() {
      const shopper = pick(shoppers)
      if (shopper) box.inTheShop({ ask: 'arrive', secret: shopper.secret })
    },
    time() {
      box.pass(pick([minute, hour, 5 * hour, 15 * hour]), hour)
      if (!isOpen()) shoppers = shoppers.filter(({ kind }) => kind === 'record')
    },
    restart() {
      seen.restarts++
      box.close()
      box.open(configs[config])
      shoppers = shoppers.filter(({ kind }) => kind === 'record')
      box.pass(1000)
    },
    reword() {
      box.close()
      config = 1 - config
      box.open(configs[config])
      shoppers = shoppers.filter(({ kind }) => kind === 'record')
      box.pass(1000)
    },
  }
  const likely = [
    'visit',
    'visit',
    'join',
    'join',
    'leave',
    'change',
    'pause',
    'resume',
    'arrive',
    'arrive',
    'arrive',
    'time',
    'time',
  ]

  const before = seen.lives
  for (let step = 0; step < 4000 && seen.lives - before < livesOfBox; step++) {
    const act = random() < 0.03 ? pick(['restart', 'reword']) : pick(likely)
    acts[act]!()
    look()
  }
}
