import { describe, expect, it } from 'vitest'
import type { ManualClock } from '../../src/base/clock.ts'
import { minute, second } from '../../src/base/duration.ts'
import { type Range, withRange } from '../../src/base/ranges.ts'
import { openAlarm } from '../../src/uplink/alarm.ts'
import { createCourier } from '../../src/uplink/courier.ts'
import type { CourierAction, CourierInput } from '../../src/uplink/courier-words.ts'
import { encodeNotice, type Outgoing } from '../../src/uplink/feed.ts'
import { trials } from '../support/need.ts'
import { message, numbers, type TestOutbox, testOutbox } from '../support/outbox.ts'
import { seededRandom } from '../support/random.ts'
import { shop } from '../support/releases.ts'

/** A courier between a real outbox and a broker and consumer that are played by hand; every send is checked. */
function play(seed: number, mode: 'run' | 'replay' | 'demo') {
  const random = seededRandom(seed)
  const under = (n: number) => Math.floor(random() * n)
  const it: TestOutbox = testOutbox()
  const { outbox } = it
  const clock: ManualClock = it.clock
  const courier = createCourier({ identity: shop, mode, random })
  const notBefore = new Map<number, number>()
  const inFlight = new Map<number, Outgoing>()
  const packed = new Set<number>()
  const alone = new Set<number>()
  const consumer = new Set<number>()
  const alarms = { shop: openAlarm(clock), real: openAlarm(clock) }
  let isDialled = false
  let isConnected = false
  let receiveMaximum = 100
  let lastSeq = 0

  const moment = () => ({
    shop: mode === 'replay' ? Infinity : clock.now(),
    wall: clock.now(),
    real: clock.monotonic(),
  })

  function feed(input: CourierInput): void {
    const inputs = [input]
    for (let next = inputs.shift(); next; next = inputs.shift()) {
      for (const action of courier.step(next, moment())) {
        const answer = perform(action)
        if (answer) inputs.push(answer)
      }
    }
  }

  function perform(action: CourierAction): CourierInput | undefined {
    switch (action.do) {
      case 'connect':
        expect(isDialled || isConnected).toBe(false)
        isDialled = true
        return
      case 'disconnect':
        return drop()
      case 'publish':
        return published(action.ticket, action.outgoing)
      case 'wake': {
        const is = action.on === 'shop' ? 'woken' : 'ticked'
        expect(action.inMs).toBeGreaterThan(0)
        alarms[action.on].set(action.inMs, () => feed({ is }))
        return
      }
      case 'read': {
        const { lane, again, after, limit } = action
        const batch = again ? outbox.again(lane, after, limit) : outbox.due(lane, after, limit, moment().shop)
        return { is: 'rows', lane, again, batch }
      }
      case 'acknowledge':
        return void outbox.acknowledged(action.lane, action.seqs)
      case 'refuse':
        return void outbox.refused(action.lane, action.seqs)
      case 'pack':
        return void outbox.packed(action.lane, action.seqs)
      case 'trim':
        return void outbox.trim(action.lane, action.stored)
    }
    return
  }

  function published(ticket: number, outgoing: Outgoing): undefined {
    expect(isConnected).toBe(true)
    expect(inFlight.has(ticket)).toBe(false)
    inFlight.set(ticket, outgoing)
    expect(inFlight.size).toBeLessThanOrEqual(Math.min(receiveMaximum, 100))
    const isBacklog = outgoing.topic.endsWith('/backlog')
    if (isBacklog) expect(mode).toBe('run')
    for (const seq of seqsIn(outgoing)) {
      expect(outgoing.bytes.includes(message(seq).bytes)).toBe(true)
      if (mode !== 'replay') expect(notBefore.get(seq)!).toBeLessThanOrEqual(clock.now())
      if (isBacklog) packed.add(seq)
      else alone.add(seq)
    }
  }

  function drop(): CourierInput {
    isConnected = false
    isDialled = false
    inFlight.clear()
    return { is: 'lost', why: random() < 0.1 ? 'refused' : random() < 0.1 ? 'protocol' : 'network' }
  }

  function answer(reason = 0): void {
    const tickets = [...inFlight.keys()]
    const ticket = tickets[under(Math.min(tickets.length, 5))]
    if (ticket === undefined) return
    // Taken and told to nobody: a broker may forget what it acknowledged.
    if (reason === 0 && random() < 0.8) for (const seq of seqsIn(inFlight.get(ticket)!)) consumer.add(seq)
    inFlight.delete(ticket)
    feed({ is: 'answered', ticket, reason })
  }

  function hear(stored: unknown, isRetained = false): void {
    const lastSeq = { aggregates: outbox.lastSeq('aggregates'), signals: 0 }
    feed({ is: 'stored', message: stored, isRetained, lastSeq })
  }

  function honestStored(): unknown {
    const upTo = Math.max(0, ...consumer)
    const lacking = numbers(1, upTo).filter((seq) => !consumer.has(seq))
    const missing = lacking.reduce<Range[]>((all, seq) => withRange(all, [seq, seq]), [])
    return { aggregates: { upTo, missing } }
  }

  const moves: (() => void)[] = [
    function put() {
      const seqs = numbers(lastSeq + 1, lastSeq + 1 + under(random() < 0.1 ? 300 : 4))
      const at = clock.now() + (random() < 0.5 ? 0 : under(60) * second)
      it.database.transaction(() => {
        for (const seq of seqs) outbox.put(message(seq), at)
      })
      for (const seq of seqs) notBefore.set(seq, at)
      lastSeq = seqs.at(-1)!
      feed({ is: 'woken' })
    },
    function connect() {
      if (!isDialled || isConnected) return
      if (random() < 0.3) return feed(drop())
      isConnected = true
      receiveMaximum = random() < 0.5 ? 100 : 1 + under(20)
      feed({ is: 'connected', receiveMaximum, maximumPacketSize: random() < 0.8 ? Infinity : 5000 })
    },
    function acknowledge() {
      for (let count = under(40); count > 0; count -= 1) answer()
    },
    function refuse() {
      answer([0x80, 0x87, 0x97, 0x99][under(4)])
    },
    function lose() {
      if (isConnected && random() < 0.3) feed(drop())
    },
    function storedHonestly() {
      if (isConnected) hear(honestStored(), random() < 0.3)
    },
    function storedFalsely() {
      if (!isConnected || random() < 0.5) return
      const lies = [null, 5, {}, { aggregates: {} }, { aggregates: { upTo: lastSeq + 1 + under(5), missing: [] } }]
      hear([...lies, { aggregates: { upTo: lastSeq, missing: [[lastSeq + 1, lastSeq + 2]] } }][under(6)])
    },
    function wait() {
      clock.advanceTo(clock.monotonic() + [0.2 * second, 5 * second, minute, 20 * minute][under(4)]!)
    },
    function notice() {
      feed({ is: 'noticed', notice: encodeNotice('status', { state: 'online', session: 1 + under(9) }, shop) })
    },
    function answerStale() {
      feed({ is: 'answered', ticket: 1_000_000 + under(5), reason: 0 })
    },
  ]

  feed({ is: 'opened' })
  return {
    packed,
    random: (steps: number) => {
      for (let step = 0; step < steps; step += 1) moves[under(moves.length)]!()
    },
    /** Everybody behaves from now on. */
    calm(): void {
      for (let round = 0; round < 400 && (outbox.stats().rows > 0 || consumer.size < lastSeq); round += 1) {
        if (!isConnected && isDialled) {
          isConnected = true
          receiveMaximum = 100
          feed({ is: 'connected', receiveMaximum, maximumPacketSize: Infinity })
        }
        while (inFlight.size > 0) {
          for (const outgoing of inFlight.values()) for (const seq of seqsIn(outgoing)) consumer.add(seq)
          const [ticket] = inFlight.keys()
          inFlight.delete(ticket!)
          feed({ is: 'answered', ticket: ticket!, reason: 0 })
        }
        if (isConnected) hear(honestStored())
        clock.advanceTo(clock.monotonic() + 5 * minute)
      }
    },
    outcome: () => ({
      left: outbox.stats().rows,
      shed: outbox.stats().shed,
      lacking: numbers(1, lastSeq).filter((seq) => !consumer.has(seq)),
      both: [...packed].filter((seq) => alone.has(seq)),
    }),
  }
}

function seqsIn({ topic, bytes }: Outgoing): number[] {
  if (topic.endsWith('/status')) return []
  const value = JSON.parse(bytes.toString()) as { seq: number; releases?: { seq: number }[] }
  return (value.releases ?? [value]).map(({ seq }) => seq)
}

describe('a courier between a broker and a consumer that do what they like', () => {
  it.each(['run', 'replay', 'demo'] as const)(
    'keeps its bounds, sends the same bytes and forgets nothing in %s',
    (mode) => {
      let packed = 0
      for (let seed = 1; seed <= trials(30, 400); seed += 1) {
        const game = play(seed, mode)
        game.random(150)
        game.calm()
        packed += game.packed.size
        expect({ seed, ...game.outcome() }).toEqual({ seed, left: 0, shed: null, lacking: [], both: [] })
      }
      expect(packed > 0).toBe(mode === 'run')
    },
  )
})
