import { describe, expect, it } from 'vitest'
import { agreeIdentityKey, createAgreementPair } from '../../src/base/identity-key.ts'
import { optInBytes } from '../../src/base/opt-in-advert.ts'
import { beginEnrolment, enrolmentAfter } from '../../src/consent/enrolment.ts'
import { decodeAdvert } from '../../src/drivers/ble/advert.ts'
import { matches, patternsOf } from '../../src/drivers/ble/patterns.ts'
import { createTag, readOptIn, restoreTag } from '../../src/shopper/tag.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
// radius networks, ephemeral_calc: spec/key_pair_spec.rb
const resolver = hex('29769a045dcb811ba3025985b9de91eb9a57dadbceb68a1e6a3c2b1af4868e1f')
const beacon = {
  publicKey: hex('c63e6f89aab47552c8d621a59c81d0af203f6570a4bd7a267a08a17561c8bc2b'),
  privateKey: hex('6ea13b5ef3cc642fd6102c1d85c096b510f56efc488114a4562a987bf4525628'),
}

function tagAt(start: number) {
  const time = { now: start }
  const box = createAgreementPair()
  const tag = createTag({ publicKeyOfBox: box.publicKey, now: () => time.now })!
  return { time, box, tag }
}

describe('what a tag sends', () => {
  it('is flags, the service and an Eddystone-EID frame, which the box asks BlueZ for', () => {
    const { tag } = tagAt(0)
    const advert = tag.advert()
    expect(advert.toString('hex')).toMatch(/^0201060303aafe0d16aafe30ec[0-9a-f]{16}$/)
    expect(decodeAdvert(advert)).toMatchObject({ format: 'eddystone-eid', txPower: -20 })
    expect(matches(advert, patternsOf([], { hearsPeople: false, hearsTags: true }))).toBe(true)
  })

  it.each([
    [0, 'a9b76a71c5f89290'],
    [2000, '4144413e45fefa58'],
  ])('holds the vector of ephemeral_calc at %i s', (seconds, eid) => {
    const kept = { publicKey: beacon.publicKey, identityKey: hex('0102030405060708090a111213141516'), exponent: 10 }
    const tag = restoreTag({ ...kept, counter: 0, since: 5000 }, { now: () => 5000 })
    expect(
      tag
        .advert(5000 + seconds * 1000)
        .subarray(-8)
        .toString('hex'),
    ).toBe(eid)
  })

  it('is made with the key that both sides agree on, by the vector', () => {
    const tag = createTag({ publicKeyOfBox: resolver, pair: beacon, now: () => 0 })!
    expect(tag.kept().identityKey.toString('hex')).toBe('f40d6f18e5882260e847e99ca33ac44f')
    // The pair was not the tag's to destroy.
    expect(beacon.privateKey[0]).toBe(0x6e)
  })

  it('changes every 2^10 s, and never earlier, over a change of the temporary key', () => {
    const { tag } = tagAt(0)
    const eids = Array.from({ length: 130 }, (_, n) => [n * 1024, n * 1024 + 1023]).map((ends) =>
      ends.map((second) => tag.advert(second * 1000).toString('hex')),
    )
    expect(eids.every(([first, last]) => first === last)).toBe(true)
    expect(new Set(eids.flat()).size).toBe(130)
  })

  it('is nothing that was sent before it began, when the clock is set back', () => {
    const { time, tag } = tagAt(1e12)
    const first = tag.advert().toString('hex')
    time.now -= 1e10
    expect(tag.advert().toString('hex')).toBe(first)
  })

  it('goes on where it was when the app was closed in between, also past the end of its clock', () => {
    const { time, tag } = tagAt(1e12)
    time.now += 5_000_000
    const again = restoreTag(tag.kept(), { now: () => time.now })
    expect(again.advert()).toEqual(tag.advert())
    const old = { ...tag.kept(), counter: 2 ** 32 - 10, since: 0 }
    const wrapped = restoreTag({ ...old, counter: 0 }, { now: () => 0 })
    expect(restoreTag(old, { now: () => 10_000 }).advert()).toEqual(wrapped.advert())
  })

  it('tells nobody anything once it was forgotten, and what was kept before is another copy', () => {
    const { tag } = tagAt(0)
    const [before, kept] = [tag.advert(), tag.kept()]
    tag.forget()
    expect(tag.advert()).not.toEqual(before)
    expect(restoreTag(kept, { now: () => 0 }).advert()).toEqual(before)
  })
})

describe('what a tag hands over', () => {
  it('lets the box enrol it by the gesture', () => {
    const { time, box, tag } = tagAt(1e12)
    time.now += 3_000_000
    const token = Buffer.alloc(16, 7)
    const { tagToken, ...offer } = tag.handOver(token)
    const ground = { pair: box, wallAt: (at: number) => at }
    const frames = Array.from({ length: 5 }, (_, n) => ({
      kind: 'frame' as const,
      eid: tag.advert().subarray(-8).toString('hex'),
      rssi: -40,
      at: n * 100,
    }))
    const offered = { kind: 'offer' as const, by: 'nfc' as const, token: tagToken, ...offer, at: 600 }
    let state = beginEnrolment(token, 0)
    for (const input of [...frames, offered]) state = enrolmentAfter(state, input, ground)
    expect(state).toMatchObject({ phase: 'enrolled', key: { exponent: 10, counter: 3000 } })
  })

  it('holds no secret: the key is made by both, and sent by none', () => {
    const { box, tag } = tagAt(0)
    const { publicKey } = tag.handOver(Buffer.alloc(16))
    const ofBox = agreeIdentityKey({ own: box.privateKey, resolver: box.publicKey, beacon: publicKey })
    expect(tag.kept().identityKey).toEqual(ofBox)
  })

  it.each([
    ['a key of small order', { publicKeyOfBox: Buffer.alloc(32) }],
    ['a key that is too short', { publicKeyOfBox: Buffer.alloc(31, 1) }],
    ['an exponent of 16', { publicKeyOfBox: resolver, exponent: 16 }],
  ])('is nothing for %s: there is no tag', (_, parts) => {
    expect(createTag({ ...parts, now: () => 0 })).toBeUndefined()
  })
})

describe('the token of the opt-in beacon', () => {
  const token = hex('0011223344556677')
  const said = Buffer.concat([Uint8Array.of(25, 0x21), optInBytes, token])

  it('is found in an advert that fits every radio, also behind other structures', () => {
    expect(said.length).toBe(26)
    expect(readOptIn(said)).toEqual(token)
    expect(readOptIn(Buffer.concat([hex('020106'), said]))).toEqual(token)
  })

  it('is not found in anything else, however it is cut', () => {
    for (let cut = 0; cut < said.length; cut++) expect(readOptIn(said.subarray(0, cut))).toBeUndefined()
    const other = Buffer.from(said)
    other[5]! ^= 1
    expect(readOptIn(other)).toBeUndefined()
    expect(readOptIn(Buffer.concat([Uint8Array.of(26, 0x21), optInBytes, token, hex('00')]))).toBeUndefined()
    expect(readOptIn(tagAt(0).tag.advert())).toBeUndefined()
  })
})
