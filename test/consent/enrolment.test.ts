import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { eidOf } from '../../src/base/eddystone-eid.ts'
import { agreeIdentityKey, createAgreementPair } from '../../src/base/identity-key.ts'
import { beginEnrolment, type Enrolment, type EnrolmentInput, enrolmentAfter } from '../../src/consent/enrolment.ts'
import { heardNear, heldNear, type Near } from '../../src/consent/gesture.ts'
import { seededRandom } from '../support/random.ts'
import { noon } from './shop.ts'

const pair = createAgreementPair()
const tag = createAgreementPair()
const other = createAgreementPair()
const identityKey = agreeIdentityKey({ own: tag.privateKey, resolver: pair.publicKey, beacon: tag.publicKey })!
const ground = { pair, wallAt: (at: number) => noon + at }
const token = randomBytes(16)
const counter = 65_000
const eidAt = (at: number) => eidOf(identityKey, 10, counter + Math.round((at - 5000) / 1000)).toString('hex')

const frame = (at: number, rssi = -40, eid = eidAt(at)): EnrolmentInput => ({ kind: 'frame', at, rssi, eid })
const button = (at: number): EnrolmentInput => ({ kind: 'button', at })
const offer = (at: number, changes = {}): EnrolmentInput => ({
  kind: 'offer',
  by: 'gatt',
  token,
  publicKey: tag.publicKey,
  exponent: 10,
  counter,
  at,
  ...changes,
})
const hold = (from: number, count = 5, step = 400) => Array.from({ length: count }, (_, i) => frame(from + i * step))
const run = (inputs: readonly EnrolmentInput[]): Enrolment =>
  [...inputs]
    .sort((a, b) => a.at - b.at)
    .reduce<Enrolment>((state, input) => enrolmentAfter(state, input, ground), beginEnrolment(token, 0))

const complete = [offer(5000), ...hold(6000), button(7000)]

describe('enrolment', () => {
  test('with every factor gives the agreed key and the clock of the tag', () => {
    expect(run(complete)).toEqual({
      phase: 'enrolled',
      key: { identityKey, exponent: 10, counter, enrolledAt: noon + 5000 },
    })
  })

  test('in any order of the factors', () => {
    for (const inputs of [
      [button(5500), offer(5000), ...hold(6000)],
      [...hold(4000), button(4500), offer(5700)],
      [offer(5000, { by: 'nfc' }), ...hold(5500)],
    ]) {
      expect(run(inputs).phase).toBe('enrolled')
    }
  })

  test.each([
    ['no offer', complete.filter(({ kind }) => kind !== 'offer')],
    ['no button', complete.filter(({ kind }) => kind !== 'button')],
    ['no frames', complete.filter(({ kind }) => kind !== 'frame')],
    ['four frames', [offer(5000), ...hold(6000, 4), button(7000)]],
    ['frames over more than three seconds', [offer(5000), ...hold(6000, 5, 751), button(7000)]],
    ['frames that are weak', [offer(5000), ...hold(6000).map((one) => ({ ...one, rssi: -46 })), button(7000)]],
    ['a weak frame among them', [offer(5000), ...hold(6000, 4), frame(7500, -70), frame(7600), button(7700)]],
    [
      'frames of another tag',
      [offer(5000), ...hold(6000).map((one) => ({ ...one, eid: 'ab'.repeat(8) })), button(7000)],
    ],
    ['the button long before', [button(0), offer(5000), ...hold(11_000)]],
    ['the button after the hold was over', [offer(5000), ...hold(6000), button(10_700)]],
    ['the key of another tag', [offer(5000, { publicKey: other.publicKey }), ...hold(6000), button(7000)]],
    ['a clock that is an hour off', [offer(5000, { counter: counter + 3600 }), ...hold(6000), button(7000)]],
    ['another rhythm', [offer(5000, { exponent: 4 }), ...hold(6000), button(7000)]],
  ])('with %s stores nothing and goes on waiting', (_, inputs) => {
    expect(run(inputs).phase).toBe('waiting')
  })

  test.each([
    ['late', complete.map((input) => ({ ...input, at: input.at + minute }))],
    ['late', [...complete.slice(0, -1), button(60_001)]],
    ['wrong-token', [offer(5000, { token: randomBytes(16) }), ...complete]],
    ['wrong-token', [offer(5000, { token: token.subarray(1) })]],
    ['no-key', [offer(5000, { publicKey: Buffer.alloc(32) }), ...hold(6000), button(7000)]],
    ['no-key', [offer(5000, { publicKey: Buffer.alloc(3) }), ...hold(6000), button(7000)]],
    ['no-key', [offer(5000, { exponent: 16 }), ...hold(6000), button(7000)]],
    ['no-key', [offer(5000, { exponent: 1.5 }), ...hold(6000), button(7000)]],
    ['no-key', [offer(5000, { counter: Number.NaN }), ...hold(6000), button(7000)]],
    ['no-key', [offer(5000, { counter: 2 ** 32 }), ...hold(6000), button(7000)]],
    ['no-key', [offer(5000, { counter: -1 }), ...hold(6000), button(7000)]],
  ])('is refused as %s, and stays so', (why, inputs) => {
    expect(run(inputs)).toEqual({ phase: 'refused', why })
    expect(run([...inputs, ...complete.map((input) => ({ ...input, at: input.at + 5 * minute }))])).toEqual({
      phase: 'refused',
      why,
    })
  })

  test('accepts the last moment of the minute', () => {
    const late = [offer(55_000, { counter: counter + 50 }), ...hold(57_000), button(60_000)]
    expect(run(late).phase).toBe('enrolled')
  })

  test('takes a tag whose identifier changes, and its temporary key, between clock and hold', () => {
    // It told its clock two seconds before 65,536.
    const before = 65_534
    const eid = (at: number) => eidOf(identityKey, 10, before + Math.round((at - 5000) / 1000)).toString('hex')
    const frames = [8000, 8400, 8800, 9200, 9600].map((at) => frame(at, -40, eid(at)))
    expect(eid(8000)).not.toBe(eid(5000))
    expect(run([offer(5000, { counter: before }), ...frames, button(9000)]).phase).toBe('enrolled')
  })

  test.each([
    [-1024, 'enrolled'],
    [1024, 'enrolled'],
    [-2048, 'waiting'],
    [2048, 'waiting'],
  ])('of a tag that told its clock %i s off ends %s', (off, phase) => {
    expect(run([offer(5000, { counter: counter + off }), ...hold(6000), button(7000)]).phase).toBe(phase)
  })

  test('works at the end of the 32 bits of the clock', () => {
    const last = 2 ** 32 - 2
    const eid = (at: number) =>
      eidOf(identityKey, 10, (last + Math.round((at - 5000) / 1000)) % 2 ** 32).toString('hex')
    const frames = [8000, 8400, 8800, 9200, 9600].map((at) => frame(at, -40, eid(at)))
    expect(run([offer(5000, { counter: last }), ...frames, button(9000)]).phase).toBe('enrolled')
  })

  test('with random things happening is complete only if every factor was there', () => {
    const random = seededRandom(4)
    const seen = { enrolled: 0, waiting: 0, refused: 0 }
    for (let trial = 0; trial < 3000; trial++) {
      const inputs = [
        ...(random() < 0.8
          ? [offer(5000 * random() + 2500, random() < 0.1 ? { publicKey: other.publicKey } : {})]
          : []),
        ...(random() < 0.8 ? [button(6000 + random() * 3000)] : []),
        ...hold(5000 + random() * 2000, Math.floor(4 + random() * 3), 200 + random() * 400).map((one) =>
          random() < 0.03 ? { ...one, rssi: -60 } : one,
        ),
      ].sort((a, b) => a.at - b.at)
      const result = run(inputs)
      seen[result.phase]++
      if (result.phase !== 'enrolled') continue
      expect(inputs.some(({ kind }) => kind === 'offer') && inputs.some(({ kind }) => kind === 'button')).toBe(true)
      expect(longestStrongRow(inputs)).toBeGreaterThanOrEqual(5)
      expect(result.key.identityKey).toEqual(identityKey)
    }
    expect(seen.enrolled).toBeGreaterThan(300)
    expect(seen.waiting).toBeGreaterThan(300)
  })
})

function longestStrongRow(inputs: readonly EnrolmentInput[]): number {
  let [row, best] = [0, 0]
  for (const input of inputs) {
    if (input.kind !== 'frame') continue
    row = input.rssi >= -45 ? row + 1 : 0
    best = Math.max(best, row)
  }
  return best
}

describe('holding near', () => {
  const heard = (frames: readonly [string, number, number][]): Near =>
    frames.reduce<Near>((near, [eid, rssi, at]) => heardNear(near, { eid, rssi, at }), [])

  test('is not disturbed by others in the shop', () => {
    const frames = [0, 1, 2, 3, 4].flatMap((i): [string, number, number][] => [
      ['mine', -40, i * 500],
      [`far ${i}`, -80, i * 500 + 1],
    ])
    expect(heldNear(heard(frames), 2500)).toEqual(['mine'])
  })

  test('is over three seconds after the last frame', () => {
    const near = heard([0, 1, 2, 3, 4].map((i) => ['mine', -45, i * 500]))
    expect(heldNear(near, 5000)).toEqual(['mine'])
    expect(heldNear(near, 5001)).toEqual([])
  })

  test.each([-46, 127, Number.NaN, 21])('is not shown by a strength of %f', (rssi) => {
    expect(heard([0, 1, 2, 3, 4].map((i) => ['mine', rssi, i * 100]))).toEqual([])
  })

  test('keeps little of a flood of strong frames', () => {
    const near = heard(Array.from({ length: 5000 }, (_, i) => [`flood ${i}`, -30, i]))
    expect(near.length).toBeLessThanOrEqual(8)
    expect(heldNear(near, 5000)).toEqual([])
  })
})
