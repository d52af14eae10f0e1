import { createDecoder } from '../../src/drivers/decoders.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import type { SensorSettings } from '../../src/drivers/settings.ts'
import { createCoverage } from '../../src/observations/coverage.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { openShop } from '../support/wall.ts'
import { type Stream, streams } from './streams.ts'
import { type BenchRow, cpuOf, median, row } from './table.ts'

const runs = 7

/** Frames a second and core of each parser alone. */
export async function parserRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const stream of streams) {
    const { settings, frames } = stream
    const count = 100_000
    const micros = await median(runs, () => {
      let heard = 0
      const decoder = createDecoder(settings, () => heard++)
      return cpuOf(() => {
        for (let i = 0; i < count; i++) decoder.push(frames[i % frames.length]!, i * 100)
        if (heard === 0) throw new Error(`${settings.kind} heard nothing`)
      }).then((cpu) => cpu / count)
    })
    rows.push(row(`parser ${settings.kind}`, 1e6 / micros, 'frames/s', times(stream, micros)))
  }
  return rows
}

function times({ perSecond, limit }: Stream, micros: number): string {
  return `${Math.round(1e6 / micros / perSecond).toLocaleString('en')} times the input's limit (${limit})`
}

/** CPU of one reading from its bytes to the open window: decoder, observer, tally. */
export async function pathRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const stream of streams) {
    const micros = await median(runs, () => pathCost(stream.settings, stream.frames.length, feeder(stream)))
    rows.push(row(`whole path ${stream.settings.kind}`, micros, 'CPU µs/frame', times(stream, micros)))
  }
  const beam: SensorSettings = {
    id: 'door',
    kind: 'beam-pair',
    zone: 'entrance',
    outer: 'GPIO17',
    inner: 'GPIO27',
    broken: 'high',
    driver: 'auto',
  }
  const micros = await median(runs, () => pathCost(beam, 4000, beamFeeder))
  rows.push(
    row(
      'whole path beam-pair',
      micros,
      'CPU µs/edge',
      `${Math.round(1e6 / micros / 20).toLocaleString('en')} times the input's limit (20 edges a second are chatter)`,
    ),
  )
  return rows
}

type Feed = (hear: (reading: Reading) => void, from: number, settings: SensorSettings) => number

/** Readings of one round; returns the time after it, ms. */
function feeder({ frames, perSecond }: Stream): Feed {
  return (hear, from, settings) => {
    const decoder = createDecoder(settings, hear)
    const step = 1000 / perSecond
    for (const [i, frame] of frames.entries()) decoder.push(frame, from + i * step)
    return from + frames.length * step
  }
}

const beamFeeder: Feed = (hear, from, { id }) => {
  const edges = [
    ['outer', 1],
    ['inner', 1],
    ['outer', 0],
    ['inner', 0],
  ] as const
  for (let person = 0; person < 1000; person++) {
    for (const [i, [line, level]] of edges.entries()) {
      hear({ kind: 'edge', sensor: id, at: from + person * 2000 + i * 120, line, level })
    }
  }
  return from + 1000 * 2000
}

async function pathCost(settings: SensorSettings, frames: number, feed: Feed): Promise<number> {
  const shop = openShop({ start: '2026-11-23T00:00:00Z', opening: '00:00-24:00' })
  const coverage = createCoverage([settings.id], 0)
  const observers = createObservers([settings], (observation) => {
    if (observation.kind === 'crossing') shop.wall.count(observation.at, observation)
    else if (observation.kind === 'alive' || observation.kind === 'trouble') coverage.note(observation)
  })
  shop.wall.tick()
  observers.observe({ kind: 'state', sensor: settings.id, at: 0, state: 'up' })
  const rounds = Math.ceil(40_000 / frames)
  let at = 1000
  for (let i = 0; i < 3; i++) at = feed((reading) => observers.observe(reading), at, settings)
  const cpu = await cpuOf(() => {
    for (let i = 0; i < rounds; i++) at = feed((reading) => observers.observe(reading), at, settings)
  })
  return cpu / (rounds * frames)
}
