import {
  type DayFields,
  type DwellFields,
  type DwellSeries,
  type FootfallFields,
  type FootfallSeries,
  mint,
  type OccupancyFields,
  type OccupancySeries,
  type PhonesFields,
  type PhonesSeries,
  type Release,
  type VisitorsFields,
  type VisitorsSeries,
} from '../../src/privacy/release.ts'
import type { Identity } from '../../src/uplink/feed.ts'

/** Releases without a wall behind them: they protect nobody and live in tests only. */

export const shop: Identity = { organisation: 'acme', store: 'nl-0042', gateway: 'gw-1' }
export const policy = `sha256:${'ab'.repeat(32)}`

export function footfallSeries(zone = 'entrance', changes: Partial<FootfallSeries> = {}): FootfallSeries {
  return {
    name: `footfall/${zone}`,
    kind: 'footfall',
    zone,
    windowSeconds: 900,
    unit: 'zone-visit',
    epsilon: 0.4,
    mechanism: 'discrete-laplace',
    noise95: 7,
    releasesOut: true,
    drawn: true,
    windowsPerDay: 0,
    ...changes,
  }
}

export function daySeries(zone = 'entrance', changes: Partial<FootfallSeries> = {}): FootfallSeries {
  const day = { name: `day/${zone}`, kind: 'day', windowSeconds: 86_400, epsilon: 0.1, noise95: 29, windowsPerDay: 48 }
  return { ...footfallSeries(zone), ...day, ...changes } as FootfallSeries
}

/** The `index`-th window since 2026-11-23T09:00:00Z. */
export function startOf(index: number): string {
  return instant(Date.UTC(2026, 10, 23, 9) + (index % 1_000_000) * 900_000)
}

export function instant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

type Common = Omit<FootfallFields, 'kind' | 'in' | 'out'>

function common(seq: number, zone: string): Common {
  const start = startOf(seq)
  return {
    series: `footfall/${zone}`,
    id: `${shop.store}/${shop.gateway}/footfall/${zone}/${start}`,
    window: { start, seconds: 900 },
    noise95: 7,
    coverage: 1,
    missing: null,
    privacy: { unit: 'zone-visit', epsilon: 0.4, mechanism: 'discrete-laplace', policy },
    seq,
  }
}

const inAndOut = (seq: number) => ({ in: (seq * 7919) % 100, out: -((seq * 104_729) % 30) })

export function footfall(seq: number, changes: Partial<FootfallFields> = {}, zone = 'entrance'): Release {
  return mint({ kind: 'footfall', ...common(seq, zone), ...inAndOut(seq), ...changes })
}

export function day(seq: number, changes: Partial<DayFields> = {}, zone = 'entrance'): Release {
  return mint({
    kind: 'day',
    ...common(seq, zone),
    ...inAndOut(seq),
    series: `day/${zone}`,
    id: `${shop.store}/${shop.gateway}/day/${zone}/2026-11-23`,
    window: { start: '2026-11-22T23:00:00Z', seconds: 86_400 },
    windows: [{ start: startOf(0), in: 3, out: -1 }],
    ...changes,
  })
}

export function occupancySeries(zone = 'shop'): OccupancySeries {
  const { unit, mechanism } = footfallSeries()
  const common = { zone, windowSeconds: 900, unit, epsilon: 0.4, mechanism, noise95: 58 }
  return { name: `occupancy/${zone}`, kind: 'occupancy', ...common, of: ['entrance'] }
}

export function occupancy(seq: number, changes: Partial<OccupancyFields> = {}, zone = 'shop'): Release {
  const series = `occupancy/${zone}`
  const id = `${shop.store}/${shop.gateway}/${series}/${startOf(seq)}`
  return mint({ kind: 'occupancy', ...common(seq, zone), series, id, inside: (seq * 7919) % 100, ...changes })
}

export function dwellSeries(zone = 'shoes'): DwellSeries {
  const { unit, mechanism } = footfallSeries()
  const common = { zone, windowSeconds: 86_400, unit, epsilon: 0.5, mechanism, noise95: 6 }
  return { name: `dwell/${zone}`, kind: 'dwell', ...common }
}

export function dwell(seq: number, changes: Partial<DwellFields> = {}, zone = 'shoes'): Release {
  const series = `dwell/${zone}`
  const id = `${shop.store}/${shop.gateway}/${series}/2026-11-23`
  const window = { start: '2026-11-22T23:00:00Z', seconds: 86_400 }
  const stays = [41, 60, 22, -3, 7, 2, 0, 1]
  return mint({ kind: 'dwell', ...common(seq, zone), series, id, window, stays, ...changes })
}

export function phonesSeries(zone = 'entrance', changes: Partial<PhonesSeries> = {}): PhonesSeries {
  return {
    name: `phones/${zone}`,
    kind: 'phones',
    zone,
    windowSeconds: 900,
    unit: 'address-window',
    epsilon: 0.2,
    mechanism: 'discrete-laplace',
    noise95: 45,
    subWindows: 3,
    ...changes,
  }
}

export function phones(seq: number, changes: Partial<PhonesFields> = {}, zone = 'entrance'): Release {
  const start = startOf(seq)
  return mint({
    kind: 'phones',
    ...common(seq, zone),
    series: `phones/${zone}`,
    id: `${shop.store}/${shop.gateway}/phones/${zone}/${start}`,
    devices: (seq * 7919) % 100,
    subWindows: 3,
    people: null,
    noise95: 45,
    privacy: { unit: 'address-window', epsilon: 0.2, mechanism: 'discrete-laplace', policy },
    ...changes,
  })
}

export function visitorsSeries(): VisitorsSeries {
  const common = { zone: 'shop', windowSeconds: 86_400, epsilon: 0.5, noise95: 6 } as const
  return { name: 'visitors', kind: 'visitors', unit: 'person-day', mechanism: 'discrete-laplace', ...common }
}

export function visitors(seq: number, changes: Partial<VisitorsFields> = {}): Release {
  const id = `${shop.store}/${shop.gateway}/visitors/2026-11-23`
  const window = { start: '2026-11-22T23:00:00Z', seconds: 86_400 }
  const privacy = { unit: 'person-day', epsilon: 0.5, mechanism: 'discrete-laplace', policy } as const
  const own = { series: 'visitors', id, window, visitors: 23, noise95: 6, privacy }
  return mint({ kind: 'visitors', ...common(seq, 'entrance'), ...own, ...changes })
}
