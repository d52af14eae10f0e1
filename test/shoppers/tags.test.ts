import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { createTag, type Tag } from '../../src/shopper/tag.ts'
import { aBox, type Box, checkIn, join30, receiptOf } from './box.ts'
import { beginTag, hold as holdTag, withRadios } from './radios.ts'

const zones = ['entrance', 'shoes']

let box: Box
let radios: ReturnType<typeof withRadios>
let secret: string
let handles: string[]

beforeEach(() => {
  box = aBox()
  box.pass(second)
  radios = withRadios(box)
  ;({ secret, handles } = receiptOf(box.inTheShop(join30)))
})
afterEach(() => box.remove())

const begin = () => beginTag(box, secret)
const hold = (tag: Tag, rssi?: number, frames?: number) => holdTag(box, radios, tag, rssi, frames)

function enrolled(): Tag {
  const { tag, handOver } = begin()
  hold(tag)
  expect(box.ask(handOver())).toEqual({ state: 'done' })
  expect(box.ask({ ask: 'tag-state', secret })).toEqual({ state: 'tag-state', phase: 'enrolled' })
  radios.recognised()
  return tag
}

const told = () => box.sent().map(({ event, zone, void: gone }) => (gone ? 'void' : zone ? `${event} ${zone}` : event))
const isHeard = (tag: Tag, zone?: string) => {
  radios.say(tag.advert(), -60, zone)
  return radios.recognised() > 0
}

describe('a tag', () => {
  it('is known once it was held to the beacon and handed over, in either order', () => {
    const { tag, handOver } = begin()
    expect(isHeard(tag)).toBe(false)
    expect(box.ask(handOver())).toEqual({ state: 'done' })
    expect(box.ask({ ask: 'tag-state', secret })).toMatchObject({ phase: 'waiting' })
    expect(isHeard(tag)).toBe(false)
    hold(tag)
    expect(box.ask({ ask: 'tag-state', secret })).toMatchObject({ phase: 'enrolled' })
    expect(isHeard(tag)).toBe(true)
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ hasTag: true })
  })

  it.each<[string, { rssi?: number; frames?: number; waits?: number; changes?: object; isOffered?: boolean }]>([
    ['only held', { isOffered: false }],
    ['only handed over', { frames: 0 }],
    ['held too far away', { rssi: -50 }],
    ['held too shortly', { frames: 4 }],
    ['handed over too late', { waits: 61 * second }],
    ['handed over with a token that was guessed', { changes: { tagToken: 'A'.repeat(22) } }],
  ])(
    'is not known if it was %s, and nothing of it is written',
    (_how, { rssi, frames, waits = 0, changes, isOffered = true }) => {
      const before = box.storage.database.connection.prepare('SELECT count(*) FROM consent_event').pluck().get()
      const { tag, handOver } = begin()
      hold(tag, rssi, frames)
      box.pass(waits)
      if (isOffered) box.ask({ ...handOver(), ...changes })
      expect(isHeard(tag)).toBe(false)
      box.pass(2 * minute)
      expect(isHeard(tag)).toBe(false)
      expect(box.ask({ ask: 'tag-state', secret }).state).toBe('tag-state')
      expect(box.ask({ ask: 'see', secret })).toMatchObject({ hasTag: false })
      expect(box.storage.database.connection.prepare('SELECT count(*) FROM consent_event').pluck().get()).toBe(before)
    },
  )

  it('is recognised across 20 changes and a restart', () => {
    const tag = enrolled()
    for (let i = 0; i < 20; i++) {
      if (i === 10) {
        box.close()
        box.open()
        radios.listen()
      }
      box.pass(1024 * second, minute)
      expect(isHeard(tag)).toBe(true)
    }
  })

  it('makes signals with a minute and a zone, capped and apart, and none in quiet hours', () => {
    const tag = enrolled()
    expect(told()).toEqual(['given', 'arrived entrance'])
    const walk = (zone: string) => {
      box.pass(minute)
      isHeard(tag, zone)
    }
    walk('shoes')
    walk('entrance')
    walk('shoes')
    expect(told()).toEqual(['given', 'arrived entrance', 'zone shoes'])
    box.pass(16 * minute, minute)
    walk('shoes')
    // What was agreed is three a visit.
    for (let i = 0; i < 4; i++) {
      box.pass(16 * minute, 5 * minute)
      walk(zones[i % 2]!)
    }
    expect(box.sent().filter(({ event }) => event !== 'given').length).toBeLessThanOrEqual(3)
    expect(box.sent().every(({ minute: at }) => at === undefined || /:\d\dZ$/.test(String(at)))).toBe(true)
  })

  it('is told at most so often a day, also over restarts', () => {
    const tag = enrolled()
    for (let i = 0; i < 6; i++) {
      box.close()
      box.open()
      radios.listen()
      box.pass(minute)
      isHeard(tag)
    }
    expect(told()).toEqual(['given', 'arrived entrance'])
  })

  it('says that somebody left when it is not heard for ten minutes, and that they came again the next day', () => {
    const tag = enrolled()
    // "Just here" was said on the page; the tag takes over after the shop has closed.
    box.pass(22 * hour, minute)
    expect(told()).toEqual(['given', 'arrived entrance', 'left entrance'])
    isHeard(tag)
    box.pass(5 * minute, minute)
    isHeard(tag)
    expect(told().at(-1)).toBe('arrived entrance')
    box.pass(9 * minute, minute)
    expect(told().at(-1)).toBe('arrived entrance')
    box.pass(2 * minute, minute)
    expect(told().at(-1)).toBe('left entrance')
  })

  it('is silent from the moment of the withdrawal, and its key is nowhere on the disk', () => {
    const tag = enrolled()
    const { identityKey } = tag.kept()
    expect(isHeard(tag)).toBe(true)
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'asked' })
    expect(isHeard(tag)).toBe(false)
    expect(told()).toEqual(['void', 'void', 'withdrawn'])
    expect(box.sent().at(-1)).toMatchObject({ handle: handles[0], event: 'withdrawn' })
    box.close()
    box.open()
    radios.listen()
    box.pass(minute)
    expect(isHeard(tag)).toBe(false)
    expect(box.bytes().includes(identityKey.toString('latin1'))).toBe(false)
  })

  it('is forgotten by its own word, which only the holder of its key can give', () => {
    const tag = enrolled()
    const { eid, proof } = tag.leave()
    const question = { ask: 'tag-leave', eid: eid.toString('hex'), proof: proof.toString('base64url') }
    const forged = Buffer.from(proof)
    forged[3]! ^= 1
    expect(box.ask({ ...question, proof: forged.toString('base64url') })).toEqual({ state: 'declined', why: 'unknown' })
    expect(box.ask({ ...question, eid: '00'.repeat(8) })).toEqual({ state: 'declined', why: 'unknown' })
    expect(isHeard(tag)).toBe(true)
    expect(box.ask(question)).toEqual({ state: 'left', erasure: 'asked' })
    expect(isHeard(tag)).toBe(false)
    expect(told()).toEqual(['void', 'void', 'withdrawn'])
    expect(box.ask(question)).toEqual({ state: 'declined', why: 'unknown' })
  })

  it('cannot be forgotten by an old word of it', () => {
    const tag = enrolled()
    const { eid, proof } = tag.leave()
    box.pass(3 * 1024 * second, minute)
    expect(box.ask({ ask: 'tag-leave', eid: eid.toString('hex'), proof: proof.toString('base64url') })).toMatchObject({
      why: 'unknown',
    })
    expect(isHeard(tag)).toBe(true)
  })

  it('is not recognised while its owner has paused it, and is again afterwards', () => {
    const tag = enrolled()
    box.ask({ ask: 'pause', secret })
    expect(isHeard(tag)).toBe(false)
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    box.ask({ ask: 'resume', secret, fresh: offer.state === 'offer' ? offer.fresh : '' })
    expect(isHeard(tag)).toBe(true)
  })

  it('replaces the one before it', () => {
    const first = enrolled()
    const second = enrolled()
    expect(isHeard(first)).toBe(false)
    expect(isHeard(second)).toBe(true)
  })

  it('keeps its clock: a slow one is known a year later, with restarts in between', () => {
    const tag = enrolled()
    for (let week = 0; week < 4; week++) {
      box.pass(6 * day + 23 * hour, hour)
      box.close()
      box.open()
      radios.listen()
      box.pass(second)
      expect(isHeard(tag)).toBe(true)
      box.pass(day - 23 * hour, minute)
    }
  })

  it('of a stranger leaves nothing, whether somebody enrols or not', () => {
    const before = box.sent().length
    const stranger = createTag({ publicKeyOfBox: Buffer.alloc(32, 9), now: () => box.clock.now() })!
    begin()
    hold(stranger)
    box.pass(2 * minute)
    expect(isHeard(stranger)).toBe(false)
    expect(box.sent().length).toBe(before)
    expect(box.bytes().includes(stranger.advert().subarray(-8).toString('latin1'))).toBe(false)
  })

  it('counts for nothing beside a visit of the same shop', () => {
    const tag = enrolled()
    box.inTheShop(checkIn)
    expect(isHeard(tag)).toBe(true)
  })
})
