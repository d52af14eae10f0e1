import { describe, expect, it } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { createCourier } from '../../src/uplink/courier.ts'
import type { CourierAction, CourierInput } from '../../src/uplink/courier-words.ts'
import { encodeNotice } from '../../src/uplink/feed.ts'
import type { Row } from '../../src/uplink/outbox-words.ts'
import { message, noon, numbers } from '../support/outbox.ts'
import { shop } from '../support/releases.ts'
import { catalogue, health } from '../support/uplink.ts'

/** A courier and a broker that takes everything but `unbearable`, over which it hangs up. */
function courierTo(unbearable?: string) {
  const courier = createCourier({ identity: shop, mode: 'run', random: () => 0.5 })
  const acknowledged = new Set<number>()
  let real = 0
  let session = 0

  const step = (input: CourierInput) => courier.step(input, { shop: noon, wall: noon + real, real })

  function rowsAfter(after: number): Row[] {
    const seqs = numbers(1, 3).filter((seq) => seq > after && !acknowledged.has(seq))
    return seqs.map((seq) => {
      return { outgoing: message(seq), seq, notBefore: 0, createdAt: noon, isPacked: false, isFirstSend: true }
    })
  }

  /** Does as the shell would; undefined when the broker hangs up. */
  function perform(action: CourierAction): readonly CourierAction[] | undefined {
    if (action.do === 'acknowledge') for (const seq of action.seqs) acknowledged.add(seq)
    if (action.do === 'read') {
      const rows = action.lane === 'aggregates' && !action.again ? rowsAfter(action.after) : []
      const batch = { rows, upTo: rows.at(-1)?.seq ?? 0, isEnd: true, inMs: null }
      return step({ is: 'rows', lane: action.lane, again: action.again, batch })
    }
    if (action.do !== 'publish') return []
    const isBearable = !unbearable || !action.outgoing.topic.endsWith(unbearable)
    return isBearable ? step({ is: 'answered', ticket: action.ticket, reason: 0 }) : undefined
  }

  /** One connection from begin to end; returns the last levels of the topics that were sent. */
  function connection(): string[] {
    real += 10 * minute
    session += 1
    step({ is: 'noticed', notice: encodeNotice('status', { state: 'online', session }, shop) })
    step({ is: 'noticed', notice: encodeNotice('catalogue', catalogue, shop) })
    step({ is: 'noticed', notice: encodeNotice('health', health, shop) })
    const todo = [...step({ is: 'connected', receiveMaximum: 100, maximumPacketSize: Infinity })]
    const sent: string[] = []
    for (let action = todo.shift(); action; action = todo.shift()) {
      if (action.do === 'publish') sent.push(action.outgoing.topic.split('/').slice(5).join('/'))
      const next = perform(action)
      if (!next) break
      todo.push(...next)
    }
    step({ is: 'lost', why: 'network' })
    return sent
  }

  step({ is: 'opened' })
  return { connection, acknowledged }
}

describe('notices', () => {
  it('are told on each connection, though nothing changed: the broker may have forgotten', () => {
    const { connection } = courierTo()
    expect(connection().slice(0, 3)).toEqual(['status', 'catalogue', 'health'])
    expect(connection()).toEqual(['status', 'catalogue', 'health'])
  })

  it('over which the broker hangs up hold up no release', () => {
    const { connection, acknowledged } = courierTo('catalogue')
    const connections = Array.from({ length: 8 }, connection)
    expect([...acknowledged]).toEqual([1, 2, 3])
    expect(connections.at(-1)).toEqual(['status', 'health', 'catalogue'])
  })
})
