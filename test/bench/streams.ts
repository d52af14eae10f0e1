import type { SensorSettings } from '../../src/drivers/settings.ts'

/** A sensor, a second's worth of frames as its hardware sends them, and how many a second the hardware can send at most. */
export interface Stream {
  readonly settings: SensorSettings
  readonly frames: readonly Buffer[]
  readonly perSecond: number
  /** Why it can be no more. */
  readonly limit: string
}

const port = '/dev/null'

/** Somebody walks back and forth through the field: x, y, speed as sign and magnitude, bit 15 set = positive. */
function radarFrame(i: number): Buffer {
  const frame = Buffer.alloc(30)
  frame.write('aaff0300', 'hex')
  const sign = (value: number) => (value >= 0 ? 0x8000 | value : -value)
  for (let slot = 0; slot < 3; slot++) {
    const phase = ((i + 40 * slot) % 80) / 40
    const y = Math.round(1000 + 2000 * (phase < 1 ? phase : 2 - phase))
    frame.writeUInt16LE(sign(Math.round(-900 + 900 * slot)), 4 + 8 * slot)
    frame.writeUInt16LE(sign(y), 6 + 8 * slot)
    frame.writeUInt16LE(sign(phase < 1 ? 50 : -50), 8 + 8 * slot)
    frame.writeUInt16LE(360, 10 + 8 * slot)
  }
  frame.write('55cc', 28, 'hex')
  return frame
}

function jsonLine(i: number): Buffer {
  const line = { v: 1, dev: 'side', seq: i, t: 1000 + i * 100, ev: i % 2 ? 'in' : 'out', n: 1 }
  return Buffer.from(`${JSON.stringify(line)}\n`)
}

const many = (make: (i: number) => Buffer, count = 800) => Array.from({ length: count }, (_, i) => make(i))

/** Every serial kind with frames of its own shape. */
export const streams: readonly Stream[] = [
  {
    settings: {
      id: 'aisle',
      kind: 'ld2450',
      zone: 'entrance',
      port,
      baud: 256_000,
      line: [
        [-1500, 2000],
        [1500, 2000],
      ],
    },
    frames: many(radarFrame),
    perSecond: 10,
    limit: 'the radar sends 10 a second',
  },
  {
    settings: {
      id: 'gate',
      kind: 'rd03d',
      zone: 'entrance',
      port,
      baud: 256_000,
      fields: 'auto',
      line: [
        [-1500, 2000],
        [1500, 2000],
      ],
    },
    frames: many(radarFrame),
    perSecond: 10,
    limit: 'the radar sends 10 a second',
  },
  {
    settings: { id: 'till', kind: 'ld2410', zone: 'entrance', port, baud: 256_000 },
    frames: many(() => Buffer.from('f4f3f2f10d0002aa036400327800192c01005500f8f7f6f5', 'hex')),
    perSecond: 10,
    limit: 'the radar sends 10 a second',
  },
  {
    settings: { id: 'luna', kind: 'tf-luna', zone: 'entrance', port, baud: 115_200, unit: 'cm' },
    frames: many(() => Buffer.from('59596400e80370097a', 'hex')),
    perSecond: 250,
    limit: 'the sensor sends 250 a second at most',
  },
  {
    settings: { id: 'side', kind: 'json-lines', zone: 'entrance', port, baud: 115_200 },
    frames: many(jsonLine, 8000),
    perSecond: 186,
    limit: '115,200 baud carry 186 lines a second',
  },
]
