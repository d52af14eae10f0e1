import { describe, expect, it } from 'vitest'
import { decodeFrame, frameKinds } from '../../src/drivers/decode.ts'
import { createRandom } from '../../src/simulator/random.ts'
import vectors from '../fixtures/serial-frames.json' with { type: 'json' }
import { radarFrame } from './serial/frames.ts'
import { fromHex } from './serial/hearing.ts'

describe('decoding one frame', () => {
  it.each(vectors.ld2450)('shows the targets of $source', ({ bytes, targets }) => {
    expect(decodeFrame('ld2450', fromHex(bytes))).toMatchObject({ format: 'ld2450', targets })
  })

  it.each(vectors.ld2410)('shows all fields of $source', ({ bytes, frame }) => {
    expect(decodeFrame('ld2410', fromHex(bytes))).toEqual({ format: 'ld2410', ...frame })
  })

  it.each(vectors['tf-luna'])('shows all fields of $source', ({ bytes, frame }) => {
    expect(decodeFrame('tf-luna', fromHex(bytes))).toEqual({ format: 'tf-luna', ...frame })
  })

  it.each(vectors.modbus)('shows $source', ({ bytes, decoded }) => {
    expect(decodeFrame('modbus', fromHex(bytes))).toEqual({ format: 'modbus', ...decoded })
  })

  it('shows a Modbus exception with its meaning', () => {
    expect(decodeFrame('modbus', fromHex('018302c0f1'))).toEqual({
      format: 'modbus',
      slave: 1,
      function: 3,
      exception: 2,
      meaning: 'illegal data address',
    })
  })

  it('shows an RD-03D frame in the order that real units send', () => {
    expect(decodeFrame('rd03d', radarFrame(-5, 900, [360, 0x8010]))).toEqual({
      format: 'rd03d',
      targets: [{ x: -5, y: 900, speed: 16, resolution: 360 }],
    })
  })

  it('says how many bytes stood around it', () => {
    expect(decodeFrame('tf-luna', fromHex('00 59596400e80370097a 0102'))).toMatchObject({ distance: 100, skipped: 3 })
  })

  it.each([
    ['ld2450', '', /no bytes/],
    ['ld2450', '00', /aa ff 03 00/],
    ['ld2450', 'aaff0300 0102', /cut off/],
    ['ld2450', 'aaff03000e03b186100040010000000000000000000000000000000055cd', /end/],
    ['tf-luna', '59596400e80370097b', /checksum/],
    ['modbus', '0103020103f9d6', /CRC/],
    ['modbus', '0103', /cut off/],
    ['modbus', '010602010398b7', /CRC|function/],
    ['advert', '0201', /none of/],
    ['constructor', '0201', /none of/],
  ])('says why %s %s is not one', (kind, bytes, reason) => {
    expect(decodeFrame(kind, fromHex(bytes))).toEqual({ format: 'unknown', reason: expect.stringMatching(reason) })
  })

  it('never throws on noise', () => {
    const random = createRandom('decode')
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256))
      expect(decodeFrame(random.pick(frameKinds), bytes)).toHaveProperty('format')
    }
  })
})
