/** Recordings (contract: JSON Lines) with known truth, for replay. */

/** One person through a beam pair: outer, both, inner, none; the mirror for out. Times in s since start. */
export function beamCrossing(sensor: string, t: number, direction: 'in' | 'out'): string[] {
  const [first, second] = direction === 'in' ? ['outer', 'inner'] : ['inner', 'outer']
  const edges: [number, string, number][] = [
    [0, first, 1],
    [0.12, second, 1],
    [0.3, first, 0],
    [0.42, second, 0],
  ]
  return edges.map(([later, line, level]) => {
    return JSON.stringify({ t: Math.round((t + later) * 1000) / 1000, sensor, edge: { line, level } })
  })
}

export function header(start: string): string {
  return JSON.stringify({ drempel: 'recording/1', start })
}

/**
 * Beam edges for given counts: people of each interval pass one after the other, evenly spread over it.
 * `intervals`: start in s since the start of the recording, length in s.
 */
export function* beamRecording(
  sensor: string,
  start: string,
  intervals: Iterable<{ t: number; seconds: number; in: number; out: number }>,
): Generator<string> {
  yield header(start)
  for (const { t, seconds, in: ins, out: outs } of intervals) {
    const people = ins + outs
    for (let i = 0; i < people; i++) {
      // In and out interleave, so that both directions occur all the time.
      const isIn = Math.floor(((i + 1) * ins) / people) > Math.floor((i * ins) / people)
      yield* beamCrossing(sensor, t + ((i + 0.5) * seconds) / people, isIn ? 'in' : 'out')
    }
  }
}

export interface ShopConfig {
  readonly broker: string
  readonly data: string
  readonly sensors: readonly object[]
  readonly zones?: readonly object[]
  readonly opening?: string | object
  readonly timezone?: string
  readonly window?: string
  readonly tls?: { ca: string; cert: string; key: string }
  readonly privacy?: object
}

/** The configuration of a test shop as YAML (which JSON is). */
export function shopConfig(shop: ShopConfig): string {
  return JSON.stringify({
    organisation: 'acme',
    store: {
      id: 'nl-0042',
      name: 'Acme Spuistraat',
      country: 'NL',
      timezone: shop.timezone ?? 'UTC',
      opening: shop.opening ?? '09:00-18:00',
      languages: ['nl', 'en'],
    },
    controller: { name: 'Acme Retail BV', contact: 'privacy@acme.example' },
    gateway: 'gw-1',
    zones: shop.zones ?? [{ id: 'entrance', name: 'Entrance' }],
    sensors: shop.sensors,
    privacy: { window: shop.window ?? '15m', ...shop.privacy },
    upstream: { url: shop.broker, ...shop.tls },
    web: { public: '127.0.0.1:0', staff: '127.0.0.1:0' },
    clock: 'trusted',
    data: shop.data,
  })
}
