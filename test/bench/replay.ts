import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beamCrossing, header, shopConfig } from '../support/recordings.ts'
import { streams } from './streams.ts'
import { type BenchRow, figure, row } from './table.ts'

const start = '2026-11-23T09:00:00Z'
const aisle = { id: 'aisle', kind: 'ld2450', zone: 'shoes', port: '/dev/counter/aisle' }
const line = [
  [-1500, 2000],
  [1500, 2000],
]
const polygon = [
  [-2000, 500],
  [2000, 500],
  [2000, 2500],
  [-2000, 2500],
]
const others = [
  { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' },
  { id: 'side', kind: 'json-lines', zone: 'entrance', port: '/dev/counter/side' },
]
const zones = [
  { id: 'entrance', name: 'Entrance' },
  { id: 'shoes', name: 'Shoes', kind: 'area' },
]

/** An hour as busy as a door can be: three people before the radar all the time, one every two seconds through each door. */
function* busyHour(): Generator<string> {
  const radar = streams.find(({ settings }) => settings.kind === 'ld2450')!
  for (let second = 0; second < 3600; second++) {
    for (let i = 0; i < 10; i++) {
      const bytes = radar.frames[(second * 10 + i) % radar.frames.length]!.toString('hex')
      yield JSON.stringify({ t: second + i / 10, sensor: 'aisle', bytes })
      if (i !== 0 || second % 2 !== 0) continue
      const event = { v: 1, dev: 'side', seq: second / 2 + 1, t: second * 1000 + 1000, ev: 'in', n: 1 }
      const sent = Buffer.from(`${JSON.stringify(event)}\n`).toString('hex')
      yield JSON.stringify({ t: second, sensor: 'side', bytes: sent })
    }
    if (second % 2 === 0) yield* beamCrossing('front-door', second + 0.95, second % 4 === 0 ? 'in' : 'out')
  }
}

/** CPU of `replay` over a busy hour, start of the process included, with footfall and with all that a radar can tell. */
export async function replayRows(brokerUrl: string): Promise<BenchRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'drempel-busy-'))
  const at = (text: string) => (JSON.parse(text) as { t: number }).t
  const lines = [...busyHour()].toSorted((one, other) => at(one) - at(other))
  writeFileSync(join(home, 'busy.jsonl'), [header(start), ...lines].join('\n'))
  const seconds = (name: string, privacy: object, areas: object) => {
    const runs = [1, 2, 3].map((run) => {
      const config = join(home, `${name}-${run}.yaml`)
      const sensors = [...others, { ...aisle, line, ...areas }]
      const data = join(home, `${name}-${run}`)
      writeFileSync(config, shopConfig({ broker: brokerUrl, data, sensors, zones, opening: '09:00-10:00', privacy }))
      return cpuSeconds(join(home, 'busy.jsonl'), config)
    })
    return runs.toSorted((one, other) => one - other)[1]!
  }
  const footfall = seconds('footfall', {}, {})
  const dwell = seconds('dwell', { profile: 'dwell' }, { areas: [{ zone: 'shoes', polygon }] })
  rmSync(home, { recursive: true })
  const input = `${figure(lines.length)} lines of a radar, a beam pair and a counter; start included`
  return [
    row('replay of a busy hour', footfall, 'CPU s', input),
    row('the same with the profile dwell', dwell, 'CPU s', `${figure(dwell / footfall)} times that`),
  ]
}

/** A shell tells what its children cost (times in POSIX sh): the second line is theirs, user and system. */
function cpuSeconds(recording: string, config: string): number {
  const script = '"$0" src/main.ts replay "$1" --config "$2" >/dev/null && times'
  const told = execFileSync('sh', ['-c', script, process.execPath, recording, config], { encoding: 'utf8' })
  const [user = 0, system = 0] = [
    ...told
      .trim()
      .split('\n')
      .at(-1)!
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].map(([, minutes, rest]) => 60 * Number(minutes) + Number(rest))
  return user + system
}
