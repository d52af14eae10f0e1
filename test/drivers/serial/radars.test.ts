import { describe, expect, it } from 'vitest'
import type { Reading, Target } from '../../../src/drivers/reading.ts'
import { signed } from '../../../src/drivers/serial/ld2450.ts'
import { encodeFrame } from '../../../src/simulator/ld2450.ts'
import vectors from '../../fixtures/serial-frames.json' with { type: 'json' }
import { joined, ld2410Frame, radarFrame, tfLunaFrame } from './frames.ts'
import { fromHex, hearing, readingsOf, settingsOf } from './hearing.ts'

const someone = { x: -782, y: 1713, speed: -16, resolution: 320 }

function targetsOf(readings: readonly Reading[]): (readonly Target[])[] {
  return readings.flatMap((reading) => (reading.kind === 'targets' ? [reading.targets] : []))
}

describe('LD2450', () => {
  const { ld2450 } = settingsOf

  it.each(vectors.ld2450)('reads $source', ({ bytes, targets }) => {
    expect(readingsOf(ld2450, fromHex(bytes), 7)).toEqual([{ kind: 'targets', sensor: 'aisle', at: 7, targets }])
  })

  it('says that nobody is there when a frame has no targets', () => {
    expect(targetsOf(readingsOf(ld2450, encodeFrame([])))).toEqual([[]])
  })

  it('takes bit 15 for plus, for each field and every sign', () => {
    for (const x of [-6500, -129, -1, 0, 1, 255, 6500]) {
      for (const speed of [-999, -128, 0, 128, 999]) {
        const target = { x, y: 200, speed, resolution: 0x80 }
        expect(targetsOf(readingsOf(ld2450, encodeFrame([null, target])))).toEqual([[target]])
      }
    }
  })

  it('never makes a minus zero', () => {
    expect(Object.is(signed(0), 0)).toBe(true)
    expect(Object.is(signed(0x8000), 0)).toBe(true)
  })

  it.each([
    ['beside the field', { x: 6501 }],
    ['beside the field on the left', { x: -6501 }],
    ['behind the sensor', { y: -1 }],
    ['too far', { y: 8501 }],
    ['faster than anybody', { speed: 1001 }],
    ['without a gate size', { resolution: 0 }],
  ])('leaves out a ghost %s', (_, ghost) => {
    expect(targetsOf(readingsOf(ld2450, encodeFrame([{ ...someone, ...ghost }, someone])))).toEqual([[someone]])
  })

  it('finds header bytes inside a frame no reason to lose it', () => {
    // x = 0xffaa, y = 0x0003 raw: the header stands within the slot.
    const frame = fromHex('aaff0300aaff0300aaff0300aaff0300aaff0300aaff0300aaff030055cc')
    expect(readingsOf(ld2450, joined(fromHex('aaff03'), frame, encodeFrame([someone])))).toHaveLength(2)
  })

  it('loses only the frame whose end is wrong', () => {
    const broken = encodeFrame([someone]).with(29, 0xcd)
    const { decoder, readings } = hearing(ld2450)
    decoder.push(joined(encodeFrame([]), broken, encodeFrame([someone])), 0)
    expect(targetsOf(readings)).toEqual([[], [someone]])
    expect([decoder.frames, decoder.dropped]).toEqual([2, 1])
  })

  it('finds a good frame that begins inside a broken one', () => {
    const half = encodeFrame([someone]).subarray(0, 17)
    expect(targetsOf(readingsOf(ld2450, joined(half, encodeFrame([someone]))))).toEqual([[someone]])
  })
})

describe('RD-03D', () => {
  const { rd03d } = settingsOf
  const [away, towards] = [0x8000 | 40, 40]

  it('learns that the resolution comes first', () => {
    const frames = [towards, away, towards, away].map((speed) => radarFrame(300, 2000, [360, speed]))
    const targets = targetsOf(readingsOf(rd03d, joined(...frames))).flat()
    expect(targets.map(({ speed, resolution }) => [speed, resolution])).toEqual([
      [-40, 360],
      [40, 360],
      [-40, 360],
      [40, 360],
    ])
  })

  it('learns that the speed comes first, and loses nobody meanwhile', () => {
    const frames = [towards, 33, 0, away, towards].map((speed) => radarFrame(300, 2000, [speed, 360]))
    const targets = targetsOf(readingsOf(rd03d, joined(...frames))).flat()
    expect(targets.map(({ x, y }) => [x, y])).toEqual(Array(5).fill([300, 2000]))
    expect(targets.slice(1).map(({ speed }) => speed)).toEqual([-33, 0, 40, -40])
  })

  it('is not talked out of the order by one corrupted frame', () => {
    const good = Array.from({ length: 20 }, (_, i) => radarFrame(300, 2000, [360, i % 2 ? away : towards]))
    const steady = Array.from({ length: 20 }, () => radarFrame(300, 2000, [360, towards]))
    const targets = targetsOf(readingsOf(rd03d, joined(...good, radarFrame(300, 2000, [0x8168, 0]), ...steady))).flat()
    expect(targets).toHaveLength(41)
    expect(targets.filter(({ resolution }) => resolution !== 360)).toHaveLength(1)
  })

  it('takes the order that is configured', () => {
    const settings = { ...rd03d, fields: 'speed-first' } as const
    const targets = targetsOf(readingsOf(settings, radarFrame(1, 2, [360, 16]))).flat()
    expect(targets).toEqual([{ x: 1, y: 2, speed: -360, resolution: 16 }])
  })

  it.each([248, 256, 0x8000 | 248, 0x8000 | 256])('takes the raw speed %i for none measured', (speed) => {
    const settings = { ...rd03d, fields: 'resolution-first' } as const
    expect(targetsOf(readingsOf(settings, radarFrame(1, 2, [360, speed]))).flat()).toEqual([
      { x: 1, y: 2, speed: 0, resolution: 360 },
    ])
  })
})

describe('LD2410', () => {
  const { ld2410 } = settingsOf

  it.each(vectors.ld2410)('hears somebody in $source', ({ bytes }) => {
    expect(readingsOf(ld2410, fromHex(bytes), 3)).toEqual([{ kind: 'presence', sensor: 'till', at: 3, present: true }])
  })

  it.each([
    [0, false],
    [1, true],
    [2, true],
    [3, true],
  ])('takes state %i for present: %s', (state, present) => {
    expect(readingsOf(ld2410, ld2410Frame(state))).toMatchObject([{ present }])
  })

  it('says nothing of people while the radar calibrates itself', () => {
    const { decoder, readings } = hearing(ld2410)
    decoder.push(ld2410Frame(5), 0)
    expect([readings.length, decoder.frames, decoder.dropped]).toEqual([0, 1, 0])
  })

  it('reads frames with and without the padding byte one after the other', () => {
    const padded = fromHex(vectors.ld2410[0]!.bytes)
    const stream = joined(ld2410Frame(0), padded, ld2410Frame(0), padded, padded)
    expect(readingsOf(ld2410, stream)).toMatchObject([false, true, false, true, true].map((present) => ({ present })))
  })

  it('does not wait for a frame of impossible length', () => {
    const lie = fromHex('f4f3f2f1ffff02aa')
    expect(readingsOf(ld2410, joined(lie, ld2410Frame(1)))).toHaveLength(1)
  })
})

describe('TF-Luna', () => {
  const tfLuna = settingsOf['tf-luna']

  it('gives millimetres, whatever the unit of the sensor', () => {
    const frame = fromHex(vectors['tf-luna'][0]!.bytes)
    expect(readingsOf(tfLuna, frame, 5)).toEqual([{ kind: 'distance', sensor: 'door', at: 5, millimetres: 1000 }])
    expect(readingsOf({ ...tfLuna, unit: 'mm' }, frame)).toMatchObject([{ millimetres: 100 }])
  })

  it('reads bytes above 127 as they are', () => {
    expect(readingsOf(tfLuna, tfLunaFrame(0x01ff, 0x80ff))).toMatchObject([{ millimetres: 5110 }])
  })

  it.each([
    ['too little light', tfLunaFrame(100, 99)],
    ['too much light', tfLunaFrame(100, 65_535)],
    ['no distance', tfLunaFrame(0)],
  ])('does not know the distance with %s', (_, frame) => {
    expect(readingsOf(tfLuna, frame)).toMatchObject([{ millimetres: null }])
  })

  it('drops a frame whose sum is wrong', () => {
    const { decoder, readings } = hearing(tfLuna)
    decoder.push(joined(fromHex('59596400e80370097b'), tfLunaFrame(100)), 0)
    expect([readings.length, decoder.dropped]).toEqual([1, 1])
  })

  it('finds the frame behind stray header bytes', () => {
    expect(readingsOf(tfLuna, joined(fromHex('595959'), tfLunaFrame(100)))).toMatchObject([{ millimetres: 1000 }])
  })
})
