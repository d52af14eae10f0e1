import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { day } from '../../src/base/duration.ts'
import { noticesOf } from '../../src/consent/notice.ts'
import { seededRandom } from '../support/random.ts'
import { aKey, aShop, aWish, type Changes, controller, noon, purpose } from './shop.ts'

/**
 * The reference: what a shopper agreed to, kept as plainly as it can be said, and asked after every step. 10,000 shoppers,
 * a hundred a shop, whose acts are mixed at random with restarts, changed notices, clocks and restored copies.
 */
interface Agreed {
  state: 'yes' | 'outdated' | 'no'
  from: number
  until: number
  config: number
}

interface Shopper {
  readonly id: string
  readonly purposes: Map<string, Agreed>
  isRestricted: boolean
}

const purposes = ['offers', 'presence'] as const
const worded = (text: string, editorial: string[] = []) =>
  purposes.map((id) => purpose(id, { texts: { nl: `${text} ${id}`, en: text }, editorial }))
const first = worded('Een')
const firstHashes = noticesOf(controller, first, ['nl', 'en']).map(({ hash }) => hash)
const configs: Changes[] = [
  { purposes: first },
  // Other words, called editorial, and the same not called so.
  { purposes: worded('Twee', firstHashes) },
  { purposes: worded('Drie') },
  // More than the words.
  { purposes: worded('Een', firstHashes).map((one) => ({ ...one, recipient: 'Somebody else' })) },
]
/** Under which configuration an agreement of an earlier one goes on. */
const goesOn = (agreed: number, now: number) => agreed === now || (agreed === 0 && now === 1)

const home = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const [shops, shoppersOfShop] = [100, 100]
const aboutOne = ['join', 'agree', 'withdraw', 'restrict']

test('never grants what the reference does not, in 10,000 random lives', { timeout: 300_000 }, () => {
  const seen = { lives: 0, granted: 0, denied: 0, restored: 0 }
  for (let seed = 0; seed < shops; seed++) live(seed, seen)
  expect(seen.lives).toBe(shops * shoppersOfShop)
  expect(seen.granted).toBeGreaterThan(1000)
  expect(seen.denied).toBeGreaterThan(1000)
  expect(seen.restored).toBeGreaterThan(10)
})

function live(seed: number, seen: { lives: number; granted: number; denied: number; restored: number }): void {
  const random = seededRandom(seed)
  const clock = manualClock(noon)
  const shop = aShop(clock, mkdtempSync(join(home, 'drempel-model-')))
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let shoppers: Shopper[] = []
  let config = 0
  let copy: { shoppers: string[]; writes: number } | undefined
  let writes = 0
  let joined = 0
  let consents = shop.open({ ...configs[config], slotCount: 256 })

  const isYes = ({ state }: Agreed) => state !== 'no'
  const lives = ({ purposes }: Shopper) => [...purposes.values()].some(isYes)

  /** What ends by itself, as the box looks at it when it starts and once a day. */
  function lapse(): void {
    for (const agreed of shoppers.flatMap(({ purposes }) => [...purposes.values()]).filter(isYes)) {
      const before = agreed.state
      if (agreed.until <= clock.now()) agreed.state = 'no'
      else if (!goesOn(agreed.config, config)) agreed.state = 'outdated'
      if (agreed.state !== before) writes++
    }
  }

  function reopen(): void {
    consents = shop.open({ ...configs[config], slotCount: 256 })
    lapse()
  }

  const acts: Record<string, () => void> = {
    join() {
      if (joined >= shoppersOfShop) return
      const chosen = purposes.filter(() => random() < 0.7)
      const until = clock.now() + (1 + Math.floor(random() * 60)) * day
      const choices = purposes.map((purpose) => ({ purpose, until: chosen.includes(purpose) ? until : null }))
      const answer = consents.enrol(aWish({ choices }), random() < 0.8 ? aKey() : null)
      expect(answer.state).toBe(chosen.length > 0 ? 'given' : 'declined')
      if (answer.state !== 'given') return
      const agreed = chosen.map(
        (purpose) => [purpose, { state: 'yes' as const, from: clock.now(), until, config }] as const,
      )
      joined++
      seen.lives++
      shoppers.push({ id: answer.record, purposes: new Map(agreed), isRestricted: false })
      writes++
    },
    agree() {
      const shopper = pick(shoppers)
      if (!shopper) return
      const [purpose, until] = [pick(purposes), clock.now() + (1 + Math.floor(random() * 60)) * day]
      const expected = lives(shopper) ? 'given' : 'declined'
      expect(consents.agree(shopper.id, { purpose, until }, 'page', 'nl').state).toBe(expected)
      if (expected === 'declined') return
      shopper.purposes.set(purpose, { state: 'yes', from: clock.now(), until, config })
      writes++
    },
    withdraw() {
      const shopper = pick(shoppers)
      if (!shopper) return
      const which = pick([...purposes, 'all' as const])
      consents.withdraw(shopper.id, which, 'page')
      for (const [purpose, agreed] of shopper.purposes) {
        if (which !== 'all' && which !== purpose) continue
        if (agreed.state !== 'no') writes++
        agreed.state = 'no'
      }
    },
    restrict() {
      const shopper = pick(shoppers)
      if (!shopper || !lives(shopper)) return
      const to = random() < 0.5
      if (to) consents.restrict(shopper.id)
      else consents.resume(shopper.id)
      if (shopper.isRestricted !== to) writes++
      shopper.isRestricted = to
    },
    wait: () => clock.advanceTo(clock.monotonic() + random() * 20 * day),
    setBack: () => clock.step(-random() * day),
    tidy() {
      consents.tidy(3650 * day)
      lapse()
    },
    restart() {
      if (random() < 0.5) config = Math.floor(random() * configs.length)
      reopen()
    },
    save() {
      shop.close()
      copyFileSync(join(shop.folder, 'drempel.db'), join(shop.folder, 'copy'))
      copy = { shoppers: shoppers.map(({ id }) => id), writes }
      reopen()
    },
    restore() {
      if (!copy) return
      shop.close()
      const { shoppers: known, writes: before } = copy
      copyFileSync(join(shop.folder, 'copy'), join(shop.folder, 'drempel.db'))
      if (writes !== before) {
        for (const { purposes } of shoppers) for (const agreed of purposes.values()) agreed.state = 'no'
        shoppers = shoppers.filter(({ id }) => known.includes(id))
        copy = undefined
        seen.restored++
      }
      reopen()
    },
  }
  const often = ['join', 'join', 'join', 'join', 'agree', 'withdraw', 'restrict', 'wait', 'tidy', 'setBack'] as const

  for (let step = 0; step < 300 || joined < shoppersOfShop; step++) {
    const act = random() < 0.03 ? pick(['restart', 'save', 'restore']) : pick(often)
    acts[act]!()
    // What is about one shopper cannot change another's; all are looked at again soon enough.
    compare(act, aboutOne.includes(act) && step % 8 > 0 ? shoppers.slice(-3) : shoppers)
  }
  shop.close()
  rmSync(shop.folder, { recursive: true })

  function compare(act: string, looked: readonly Shopper[]): void {
    for (const shopper of looked) {
      for (const purpose of purposes) {
        const agreed = shopper.purposes.get(purpose)
        const isIn = agreed !== undefined && agreed.from <= clock.now() && clock.now() < agreed.until
        const expected = isIn && agreed.state === 'yes' && !shopper.isRestricted && goesOn(agreed.config, config)
        const found = consents.isGranted(shopper.id, purpose)
        if (found !== expected) throw new Error(`seed ${seed}, after ${act}: granted ${found}, agreed ${expected}`)
        seen[found ? 'granted' : 'denied']++
      }
      if (!lives(shopper)) expect(consents.record(shopper.id)?.isErased ?? true).toBe(true)
    }
  }
}
