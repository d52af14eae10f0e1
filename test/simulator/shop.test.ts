import { createCipheriv } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createRecordingReader, parseRecordingHeader, type RecordedEvent } from '../../src/drivers/recording.ts'
import type { SensorSettings } from '../../src/drivers/settings.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { recordingOf } from '../../src/simulator/recording.ts'
import { createVirtualShop, type TruthCrossing, type VirtualShopOptions } from '../../src/simulator/shop.ts'
import { beamPair, bluetooth, counter, line, radar } from '../observations/sensors.ts'
import { trials } from '../support/need.ts'

const hour = 3600
const day = 24 * hour
const sensors: readonly SensorSettings[] = [beamPair('front'), counter('side'), radar('aisle', { line })]
const usual: VirtualShopOptions = {
  seed: 1,
  sensors,
  peoplePerDay: 300,
  opening: { from: 9 * hour, to: 18 * hour },
  areas: ['shoes'],
}

const total = (truth: readonly TruthCrossing[], sensor: string, direction: 'in' | 'out') =>
  truth.filter((crossing) => crossing.sensor === sensor && crossing.direction === direction).length

describe('a virtual shop', () => {
  it('is the same for the same seed, and another for another', () => {
    const events = (seed: number) => createVirtualShop({ ...usual, seed }).eventsBetween(0, 600)
    expect(events(1)).toEqual(events(1))
    expect(events(1)).not.toEqual(events(2))
  })

  it('says the same in whatever pieces and order it is asked', () => {
    const whole = createVirtualShop(usual).eventsBetween(0, 1200)
    const random = createRandom(1, 'pieces')
    const cuts = Array.from({ length: 40 }, () => Math.round(random.between(0, 12_000)) / 10).sort((a, b) => a - b)
    const bounds = [0, ...cuts, 1200]
    const shop = createVirtualShop(usual)
    const pieces = bounds.slice(1).map((to, index) => [bounds[index]!, to] as const)
    const heard = new Map(random.shuffled(pieces).map(([from, to]) => [from, shop.eventsBetween(from, to)]))
    expect(pieces.filter(([from, to]) => from < to).flatMap(([from]) => heard.get(from)!)).toEqual(whole)
  })

  it('emits by time and then by sensor, all within what was asked', () => {
    const events = createVirtualShop(usual).eventsBetween(3600, 4200)
    expect(events.every(({ t }) => t >= 3600 && t < 4200)).toBe(true)
    const isInOrder = (one: RecordedEvent, other: RecordedEvent) =>
      one.t < other.t || (one.t === other.t && one.sensor <= other.sensor)
    expect(events.slice(1).every((event, index) => isInOrder(events[index]!, event))).toBe(true)
  })

  it('has a radar that tells ten frames a second, also when nobody is there', () => {
    const events = createVirtualShop({ ...usual, peoplePerDay: 0 }).eventsBetween(0, 60)
    expect(events.filter(({ sensor, kind }) => sensor === 'aisle' && kind === 'bytes')).toHaveLength(600)
  })

  it('lets everybody in who was announced, and out again before it closes', () => {
    for (let seed = 0; seed < 20; seed++) {
      const truth = createVirtualShop({ ...usual, seed }).truthBetween(0, day)
      const doors = truth.filter(({ zone }) => zone === 'entrance')
      const coming = doors.filter(({ direction }) => direction === 'in').length
      expect(doors.length).toBe(2 * coming)
      expect(coming).toBeGreaterThanOrEqual(300)
      expect(coming).toBeLessThan(320)
      expect(truth.every(({ t }) => t > 0 && t < 9 * hour)).toBe(true)
    }
  })

  it('has no visitors when it hardly opens at all', () => {
    const shop = createVirtualShop({ ...usual, opening: { from: 9 * hour, to: 9 * hour + 60 } })
    expect(shop.truthBetween(0, day)).toEqual([])
  })

  it('is busier at noon than in the morning', () => {
    const truth = createVirtualShop({ ...usual, peoplePerDay: 3000 }).truthBetween(0, day)
    const comingIn = (from: number) =>
      truth.filter(
        ({ t, zone, direction }) => zone === 'entrance' && direction === 'in' && Math.floor(t / hour) === from,
      )
    expect(comingIn(3).length).toBeGreaterThan(1.4 * comingIn(0).length)
  })

  it('goes on for days, each different, with a counter whose lines and totals never go back', () => {
    const shop = createVirtualShop({ ...usual, sensors: [counter('side')], areas: [] })
    const lines = [0, 1, 2, 3, 4, 5].flatMap((number) =>
      shop
        .eventsBetween(number * day, (number + 1) * day)
        .flatMap((event) => (event.kind === 'bytes' ? [JSON.parse(Buffer.from(event.bytes).toString())] : [])),
    )
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))
    const truth = shop.truthBetween(0, 6 * day)
    expect(lines.at(-1)).toMatchObject({ ev: 'hb', in: total(truth, 'side', 'in'), out: total(truth, 'side', 'out') })
    expect(shop.truthBetween(0, day)).toEqual(
      createVirtualShop({ ...usual, sensors: [counter('side')], areas: [] }).truthBetween(0, day),
    )
  })

  it('is as busy on each day as its rhythm says, over and over', () => {
    const shop = createVirtualShop({ ...usual, sensors: [counter('side')], areas: [], rhythm: [1, 0.5, 0] })
    const comingIn = [0, 1, 2, 3].map((number) =>
      total(shop.truthBetween(number * day, (number + 1) * day), 'side', 'in'),
    )
    // Up to one in seventeen more turn round behind the line.
    const shares = comingIn.map((people) => people / usual.peoplePerDay)
    for (const [number, share] of [1, 0.5, 0, 1].entries()) {
      expect(shares[number]).toBeGreaterThanOrEqual(share)
      expect(shares[number]).toBeLessThanOrEqual(share * 1.07)
    }
  })

  it('begins in the middle of a day when told to, with people inside', () => {
    const shop = createVirtualShop({ ...usual, peoplePerDay: 2000, startsAt: 14 * hour })
    const early = shop.truthBetween(0, 600).filter(({ zone }) => zone === 'entrance')
    expect(early.filter(({ direction }) => direction === 'out').length).toBeGreaterThan(0)
    expect(shop.eventsBetween(0, 60).every(({ t }) => t >= 0)).toBe(true)
  })

  it('shows figures that stand on the line at the moment of their crossing', () => {
    const shop = createVirtualShop(usual)
    const [first, ...others] = shop.truthBetween(0, 4 * hour).filter(({ sensor }) => sensor === 'aisle')
    for (const { t } of [first!, ...others]) {
      const nearest = shop.figuresAt(t).filter(({ sensor }) => sensor === 'aisle')
      expect(Math.min(...nearest.map(({ y }) => Math.abs(y - 2000)))).toBeLessThan(1)
    }
    expect(shop.lines.get('aisle')).toEqual(line)
  })

  it('says nothing of a sensor that is unplugged but that it is down, and up again', () => {
    const shop = createVirtualShop({ ...usual, outages: [{ sensor: 'aisle', from: 10, to: 30 }] })
    const events = shop.eventsBetween(0, 60).filter(({ sensor }) => sensor === 'aisle')
    const states = events.flatMap((event) => (event.kind === 'state' ? [[event.t, event.state]] : []))
    expect(states).toEqual([
      [0, 'up'],
      [10, 'down'],
      [30, 'up'],
    ])
    expect(events.filter(({ t, kind }) => kind === 'bytes' && t >= 10 && t < 30)).toEqual([])
    expect(events.filter(({ kind }) => kind === 'bytes')).toHaveLength(400)
  })

  it('lets the radio hear what visitors, staff and passers-by carry, and nobody walk through it', () => {
    const key = Buffer.from('ec0234a357c8ad05341010a60a397d9b', 'hex')
    const shop = createVirtualShop({
      ...usual,
      sensors: [beamPair('front'), bluetooth('radio')],
      phones: { staff: [key] },
    })
    const adverts = shop
      .eventsBetween(hour, 2 * hour)
      .flatMap((event) => (event.kind === 'advert' ? [event.advert] : []))
    expect(adverts.length).toBeGreaterThan(300)
    expect(adverts.some(({ address }) => isResolvedBy(key, address))).toBe(true)
    expect(new Set(adverts.map(({ address }) => address[0]! >> 6))).toEqual(new Set([0, 1, 3]))
    expect(shop.truthBetween(0, day).every(({ sensor }) => sensor === 'front')).toBe(true)
    expect(shop.eventsBetween(hour, hour + 60)).toEqual(
      createVirtualShop({
        ...usual,
        sensors: [beamPair('front'), bluetooth('radio')],
        phones: { staff: [key] },
      }).eventsBetween(hour, hour + 60),
    )
  })

  it('leaves sensors silent that it cannot play', () => {
    const presence = { id: 'till', kind: 'ld2410', zone: 'entrance', port: '/dev/null', baud: 256_000 } as const
    const shop = createVirtualShop({ ...usual, sensors: [presence] })
    expect([shop.eventsBetween(0, hour), shop.truthBetween(0, day)]).toEqual([[], []])
  })
})

describe('the whole way from people to crossings', () => {
  function countedIn(shop: ReturnType<typeof createVirtualShop>, seconds: number) {
    const counted: Record<string, number> = {}
    const observers = createObservers(sensors, (o) => {
      if (o.kind !== 'crossing') return
      const key = `${o.sensor} ${o.direction}`
      counted[key] = (counted[key] ?? 0) + o.people
    })
    const reader = createRecordingReader({ sensors, hear: observers.observe })
    let number = 0
    let ticked = 0
    for (const text of recordingOf(shop, Date.UTC(2026, 10, 23, 8), seconds)) {
      if (++number === 1) {
        expect(parseRecordingHeader(text)).toEqual({ start: Date.UTC(2026, 10, 23, 8) })
        continue
      }
      const read = reader.read(text, number)
      if ('bad' in read) throw new Error(`line ${number}: ${read.bad}`)
      for (; ticked < read.t; ticked++) observers.tick(ticked * 1000)
    }
    observers.tick((seconds + 10) * 1000)
    return { counted, summary: reader.summary() }
  }

  it('a recording of the shop is read without a bad line and counts what happened', () => {
    for (let seed = 1; seed <= trials(1, 5); seed++) {
      const shop = createVirtualShop({ ...usual, seed })
      const { counted, summary } = countedIn(shop, 9 * hour)
      const truth = shop.truthBetween(0, 9 * hour)
      expect([summary.bad, summary.dropped]).toEqual([0, { front: 0, side: 0, aisle: 0 }])
      for (const direction of ['in', 'out'] as const) {
        expect(counted[`side ${direction}`]).toBe(total(truth, 'side', direction))
        // Beams merge people on each other's heels, radars lose some: each less than one in twenty here.
        for (const sensor of ['front', 'aisle']) {
          const share = counted[`${sensor} ${direction}`]! / total(truth, sensor, direction)
          expect(share).toBeGreaterThan(0.95)
          expect(share).toBeLessThanOrEqual(1.01)
        }
      }
    }
  })
})

function isResolvedBy(key: Buffer, address: Uint8Array): boolean {
  const block = createCipheriv('aes-128-ecb', key, null).update(
    Buffer.concat([Buffer.alloc(13), address.subarray(0, 3)]),
  )
  return block.subarray(13).equals(address.subarray(3))
}
