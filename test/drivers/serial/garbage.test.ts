import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { SerialSettings } from '../../../src/drivers/decoders.ts'
import { encodeFrame } from '../../../src/simulator/ld2450.ts'
import { createRandom, type Random } from '../../../src/simulator/random.ts'
import { trials } from '../../support/need.ts'
import { joined, jsonLine, ld2410Frame, modbusResponse, radarFrame, tfLunaFrame } from './frames.ts'
import { counting, hearing, settingsOf } from './hearing.ts'

type Kind = SerialSettings['kind']

/** The `index`-th good frame of each kind; no two in a row are alike. */
const frameOf: Record<Kind, (index: number) => Uint8Array> = {
  ld2450: (index) => encodeFrame([{ x: (index % 4000) - 2000, y: 1000, speed: -20, resolution: 320 }]),
  rd03d: (index) => radarFrame((index % 4000) - 2000, 1000, [320, 0x8014]),
  ld2410: (index) => ld2410Frame(index % 4, index % 600),
  'tf-luna': (index) => tfLunaFrame(1 + (index % 800)),
  'json-lines': (index) => jsonLine({ seq: index, t: 100 * index, ev: 'in', n: 1 }),
  'modbus-counter': (index) => modbusResponse([index % 65_536]),
}
const kinds = Object.keys(frameOf) as Kind[]
const million = 1_000_000

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256))
}

/** Random bytes with many header bytes among them, to catch a decoder that trusts a header. */
function nastyBytes(random: Random, length: number, good: Uint8Array): Uint8Array {
  const bytes = randomBytes(random, length)
  for (let i = 0; i + 8 < length; i += 1 + random.below(40)) bytes.set(good.subarray(0, random.below(8)), i)
  return bytes
}

describe.each(kinds)('the decoder of %s', (kind) => {
  const settings = settingsOf[kind]

  it('survives a million random bytes in any pieces, and hears the next frame', () => {
    const random = createRandom('noise', kind)
    const { decoder } = hearing(settings)
    for (let sent = 0; sent < trials(million, 20 * million); ) {
      const piece = randomBytes(random, 1 + random.below(5000))
      decoder.push(piece, sent)
      sent += piece.length
    }
    expect(decoder.dropped).toBeGreaterThan(100)
    expectHeard(decoder, frameOf[kind])
  })

  it('survives a million bytes full of headers', () => {
    const random = createRandom('headers', kind)
    const { decoder } = hearing(settings)
    for (let sent = 0; sent < million; sent += 1000) {
      decoder.push(nastyBytes(random, 1000, frameOf[kind](sent)), sent)
    }
    expectHeard(decoder, frameOf[kind])
  })

  it('survives bytes that come one by one', () => {
    const { decoder } = hearing(settings)
    for (const byte of nastyBytes(createRandom('single', kind), 100_000, frameOf[kind](1))) {
      decoder.push(Uint8Array.of(byte), 0)
    }
    expectHeard(decoder, frameOf[kind])
  })

  it('hears the same however the stream is split', () => {
    const random = createRandom('split', kind)
    const stream = joined(
      ...Array.from({ length: 200 }, (_, i) => frameOf[kind](i + 1)),
      nastyBytes(random, 500, frameOf[kind](1)),
    )
    const whole = hearing(settings)
    whole.decoder.push(stream, 0)
    for (let trial = 0; trial < 50; trial++) {
      const { decoder, readings } = hearing(settings)
      const longest = 1 + random.below(80)
      for (let from = 0; from < stream.length; ) {
        const to = from + 1 + random.below(longest)
        decoder.push(stream.subarray(from, to), 0)
        from = to
      }
      expect(readings).toEqual(whole.readings)
      expect([decoder.frames, decoder.dropped]).toEqual([whole.decoder.frames, whole.decoder.dropped])
    }
  })

  it('loses only the frames that are damaged', () => {
    for (let seed = 0; seed < trials(200, 5000); seed++) {
      const random = createRandom('damage', kind, seed)
      const { decoder } = hearing(settings)
      let whole = 0
      for (let i = 1; i <= 100; i++) {
        const { bytes, isWhole } = damaged(random, frameOf[kind](i))
        if (isWhole) whole++
        decoder.push(bytes, i * 100)
      }
      decoder.push(frameOf[kind](101), 20_000)
      decoder.push(frameOf[kind](102), 20_000)
      // A damaged byte may still make a good frame of another value (radars have no checksum, JSON has none either).
      expect(decoder.frames, `seed ${seed}`).toBeGreaterThanOrEqual(whole + 2)
    }
  })

  it('holds no more memory after fifty million bytes than after one', () => {
    const random = createRandom('memory', kind)
    const { decoder } = counting(settings)
    const noise = nastyBytes(random, million, frameOf[kind](1))
    const push = (times: number) => {
      for (let i = 0; i < times; i++) decoder.push(noise, i)
      collect()
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    }
    const before = push(1)
    expect(push(trials(5, 50)) - before).toBeLessThan(2_000_000)
  })
})

/** Cut at a random place, with a byte changed, with junk before it, or whole. */
function damaged(random: Random, frame: Uint8Array): { bytes: Uint8Array; isWhole: boolean } {
  const place = random.below(frame.length)
  switch (random.below(8)) {
    case 0:
      return { bytes: frame.subarray(0, place), isWhole: false }
    case 1:
      return { bytes: frame.with(place, frame[place]! ^ (1 + random.below(255))), isWhole: false }
    case 2:
      return { bytes: joined(randomBytes(random, random.below(50)), frame), isWhole: true }
    default:
      return { bytes: frame, isWhole: true }
  }
}

/** Two good frames: the first may be needed to end what the garbage began. */
function expectHeard(
  decoder: { push(bytes: Uint8Array, at: number): void; readonly frames: number },
  frame: (i: number) => Uint8Array,
) {
  const { frames } = decoder
  decoder.push(frame(1), 1e9)
  decoder.push(frame(2), 1e9 + 1000)
  expect(decoder.frames - frames).toBeGreaterThanOrEqual(1)
}
