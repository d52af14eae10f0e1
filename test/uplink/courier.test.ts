import { describe, expect, it } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { backoff } from '../../src/uplink/backoff.ts'
import { createCourier } from '../../src/uplink/courier.ts'
import type { CourierAction, CourierInput } from '../../src/uplink/courier-words.ts'
import { encodeNotice } from '../../src/uplink/feed.ts'
import type { Row } from '../../src/uplink/outbox-words.ts'
import { message, noon, numbers } from '../support/outbox.ts'
import { seededRandom } from '../support/random.ts'
import { shop } from '../support/releases.ts'

const row = (seq: number, changes: Partial<Row> = {}): Row => {
  return { outgoing: message(seq), seq, notBefore: 0, createdAt: noon, isPacked: false, isFirstSend: true, ...changes }
}

/** A courier that is connected and was given these rows. */
function connected(
  rows: readonly Row[],
  { receiveMaximum = 100, maximumPacketSize = Infinity, mode = 'run' as const } = {},
) {
  const courier = createCourier({ identity: shop, mode, random: () => 0.5 })
  let real = 0
  const step = (input: CourierInput): readonly CourierAction[] => {
    return courier.step(input, { shop: noon, wall: noon + real, real })
  }
  step({ is: 'opened' })
  step({ is: 'connected', receiveMaximum, maximumPacketSize })
  const batch = { rows, upTo: rows.at(-1)?.seq ?? 0, isEnd: true, inMs: null }
  const given = step({ is: 'rows', lane: 'aggregates', again: false, batch })
  return {
    courier,
    step,
    given,
    at(ms: number) {
      real = ms
      return step({ is: 'ticked' })
    },
  }
}

const published = (actions: readonly CourierAction[]) =>
  actions.flatMap((action) => (action.do === 'publish' ? [action] : []))
const doings = (actions: readonly CourierAction[]) => actions.map((action) => action.do)

describe('backing off', () => {
  it('waits one second to five minutes, anywhere below a ceiling that doubles', () => {
    expect([0, 1, 2, 8, 30].map((attempt) => backoff(attempt, 'network', 0.999_999) / second)).toEqual([
      expect.closeTo(2, 1),
      expect.closeTo(4, 1),
      expect.closeTo(8, 1),
      expect.closeTo(300, 1),
      expect.closeTo(300, 1),
    ])
    const random = seededRandom(1)
    for (let attempt = 0; attempt < 100; attempt += 1) {
      expect(backoff(attempt, 'network', random())).toBeGreaterThanOrEqual(second)
      expect(backoff(attempt, 'refused', random())).toBeGreaterThanOrEqual(minute)
      expect(backoff(attempt, 'refused', random())).toBeLessThanOrEqual(30 * minute)
    }
  })
})

describe('a courier', () => {
  it('tells the outbox once everything in flight was answered', () => {
    const { step, given } = connected([row(1), row(2)])
    const [first, other] = published(given)
    expect(doings(step({ is: 'answered', ticket: first!.ticket, reason: 0 }))).not.toContain('acknowledge')
    const actions = step({ is: 'answered', ticket: other!.ticket, reason: 0 })
    expect(actions[0]).toEqual({ do: 'acknowledge', lane: 'aggregates', seqs: [1, 2] })
  })

  it('counts a PUBACK without subscribers as taken', () => {
    const { step, given } = connected([row(1)])
    const actions = step({ is: 'answered', ticket: published(given)[0]!.ticket, reason: 0x10 })
    expect(actions[0]).toMatchObject({ do: 'acknowledge', seqs: [1] })
  })

  it('never asks more of the broker than its receive maximum, notices included', () => {
    const { step, given, courier } = connected(
      numbers(1, 9).map((seq) => row(seq)),
      { receiveMaximum: 3 },
    )
    expect(published(given)).toHaveLength(3)
    step({ is: 'noticed', notice: encodeNotice('status', { state: 'online', session: 1 }, shop) })
    expect(courier.progress.inFlight).toBe(3)
    const actions = step({ is: 'answered', ticket: published(given)[0]!.ticket, reason: 0 })
    expect(published(actions).map(({ outgoing }) => outgoing.topic)).toEqual(['drempel/v1/acme/nl-0042/gw-1/status'])
  })

  it('hangs up on a broker that answers nothing for a minute', () => {
    const { at } = connected([row(1)])
    expect(doings(at(minute - 1))).not.toContain('disconnect')
    expect(doings(at(minute))).toContain('disconnect')
  })

  it('pauses for minutes when the quota is used up, then tries one', () => {
    const { step, given, at } = connected(
      numbers(1, 3).map((seq) => row(seq)),
      { receiveMaximum: 1 },
    )
    const refused = step({ is: 'answered', ticket: published(given)[0]!.ticket, reason: 0x97 })
    expect(refused).toContainEqual({ do: 'refuse', lane: 'aggregates', seqs: [1] })
    expect(published(refused)).toEqual([])
    expect(published(at(50 * second))).toEqual([])
    expect(published(at(2 * minute)).map(({ outgoing }) => outgoing.seq)).toEqual([2])
  })

  it('stops asking when five in a row were refused, so that not every row is put aside', () => {
    const { step, given, courier } = connected(
      numbers(1, 40).map((seq) => row(seq)),
      { receiveMaximum: 5 },
    )
    let open = published(given)
    let asked = 0
    while (open.length > 0) {
      asked += 1
      open = [...open.slice(1), ...published(step({ is: 'answered', ticket: open[0]!.ticket, reason: 0x87 }))]
    }
    expect(asked).toBeLessThanOrEqual(10)
    expect(courier.progress.refused).toBe(asked)
  })

  it('does not put all of a full outbox aside at once where the broker takes only tiny packets', () => {
    const rows = numbers(1, 3000).map((seq) => row(seq))
    const { given, at } = connected(rows, { maximumPacketSize: 100 })
    const refusals = (actions: readonly CourierAction[]) => doings(actions).filter((doing) => doing === 'refuse').length
    expect(refusals(given)).toBeGreaterThan(900)
    expect(refusals(given)).toBeLessThan(1100)
    expect(refusals(at(30 * minute))).toBe(1)
  })

  it('splits a backlog that was refused, down to the row that is to blame', () => {
    const late = numbers(1, 4).map((seq) => row(seq, { isPacked: true }))
    const { step, given } = connected(late, { receiveMaximum: 1 })
    const sizes: number[] = []
    const asideFor: (readonly number[])[] = []
    for (let [next] = published(given); next; ) {
      const { releases } = JSON.parse(next.outgoing.bytes.toString()) as { releases: { seq: number }[] }
      sizes.push(releases.length)
      const isPoisoned = releases.some(({ seq }) => seq === 3)
      const actions = step({ is: 'answered', ticket: next.ticket, reason: isPoisoned ? 0x99 : 0 })
      for (const action of actions) if (action.do === 'refuse') asideFor.push(action.seqs)
      next = published(actions)[0]
    }
    expect(asideFor).toEqual([[3]])
    expect(sizes).toEqual([4, 2, 2, 1, 1])
  })

  it('goes back to the other version of MQTT at once, and only once', () => {
    const courier = createCourier({ identity: shop, mode: 'run', random: () => 0 })
    const dialled: (readonly [number, number])[] = []
    let real = 0
    const step = (input: CourierInput) => {
      for (const action of courier.step(input, { shop: noon, wall: noon, real })) {
        if (action.do === 'connect') dialled.push([real, action.protocol])
      }
    }
    step({ is: 'opened' })
    for (let round = 0; round < 4; round += 1) {
      step({ is: 'lost', why: 'protocol' })
      real += second
      step({ is: 'ticked' })
    }
    expect(dialled.map(([at, protocol]) => [at / second, protocol])).toEqual([
      [0, 5],
      [0, 4],
      [2, 5],
      [3, 4],
      [4, 5],
    ])
  })

  it('adopts a higher number only from what lay at the broker when it came, and only once', () => {
    const { step } = connected([])
    const lastSeq = { aggregates: 10, signals: 0 }
    const ahead = (upTo: number) => ({ aggregates: { upTo, missing: [] } })
    const hear = (message: unknown, isRetained: boolean) => doings(step({ is: 'stored', message, isRetained, lastSeq }))
    expect(hear(ahead(20), false)).not.toContain('adopt')
    expect(hear(ahead(20_000_000), true)).not.toContain('adopt')
    expect(hear(ahead(20), true)).toContain('adopt')
    expect(hear(ahead(30), true)).not.toContain('adopt')
  })

  it('adopts the numbers of signals with them, as far as they can be true', () => {
    const adopted = (signals: number) => {
      const message = { aggregates: { upTo: 20, missing: [] }, signals: { upTo: signals, missing: [] } }
      const lastSeq = { aggregates: 10, signals: 3 }
      return connected([]).step({ is: 'stored', message, isRetained: true, lastSeq })
    }
    expect(adopted(7)).toContainEqual({ do: 'adopt', upTo: { aggregates: 20, signals: 7 } })
    expect(adopted(2)).toContainEqual({ do: 'adopt', upTo: { aggregates: 20, signals: 3 } })
    expect(adopted(20_000_000)).toContainEqual({ do: 'adopt', upTo: { aggregates: 20, signals: 3 } })
  })
})
