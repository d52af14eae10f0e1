import { describe, expect, it } from 'vitest'
import { release } from '../../src/privacy/boundary.ts'
import type { Bits } from '../../src/privacy/mechanism.ts'
import { policyOf } from '../../src/privacy/policy.ts'
import type { Series } from '../../src/privacy/release.ts'
import { encodeRelease } from '../../src/uplink/feed.ts'
import { shop } from '../support/releases.ts'

// Recorded when footfall and days were all there was; the day of a door is since then blended with its windows. Who changes them breaks readers and every box's policy hash.
const footfall = 'sha256:2c4a5c8b5e6ff4af9d49ff3d9e19ecfee18df0b2ddf4393158fda1e8274f42ca'
const footfallIn = 'sha256:6462c5085d5890688fe6567e808ace35bb970e4784cbeac056e40cd3589ed8eb'

const head = '"window":{"start":"2026-11-23T09:00:00Z","seconds":900}'
const dayHead = '"window":{"start":"2026-11-22T23:00:00Z","seconds":86400}'
const tail = (noise95: number, epsilon: number, hash: string) =>
  `"noise95":${noise95},"coverage":0.95,"missing":null,"privacy":{"unit":"zone-visit","epsilon":${epsilon},"mechanism":"discrete-laplace","policy":"${hash}"},"seq":7}`

function policyFor(profile: 'footfall' | 'footfall-in') {
  return policyOf({
    store: { timezone: 'Europe/Amsterdam', opening: '09:00-18:00' },
    zones: [
      { id: 'entrance', name: 'E', kind: 'door' },
      { id: 'shoes', name: 'S', kind: 'area' },
    ],
    sensors: [],
    privacy: { profile, window: '15m', precision: 'standard' },
  })
}

/** Bits that are the same every time. */
function fixedBits(): Bits {
  let state = 1
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      state = (state * 1103515245 + 12345) % 2147483648
      bytes[i] = state >>> 16
    }
  }
}

function sent(series: Series, policy: string): string {
  const start = Date.parse('2026-11-23T09:00:00Z')
  const isDay = series.kind === 'day'
  const slot = { day: '2026-11-23', start: isDay ? start - 36e6 : start, end: isDay ? start + 504e5 : start + 9e5 }
  const out = 'releasesOut' in series && series.releasesOut ? -1 : null
  const windows = [{ start: '2026-11-23T09:00:00Z', in: 3, out }]
  const counts = { in: 41, out: 38 }
  const windowMilli = series.zone === 'entrance' ? 400 : 200
  const closing = { series, slot, seq: 7, counts, missing: null, coverage: 0.97, windows, windowMilli }
  const drawn = release({ ...closing, origin: 'nl-0042/gw-1', policy }, fixedBits())
  return encodeRelease(drawn, series, shop).bytes.toString()
}

describe('footfall and day', () => {
  it.each([
    ['footfall', footfall],
    ['footfall-in', footfallIn],
  ] as const)('keep their policy hash under %s', (profile, hash) => expect(policyFor(profile).hash).toBe(hash))

  it.each([
    [
      382,
      `{"id":"nl-0042/gw-1/footfall/entrance/2026-11-23T09:00:00Z",${head},"in":42,"out":37,${tail(7, 0.4, footfall)}`,
    ],
    [
      2613,
      `{"id":"nl-0042/gw-1/day/entrance/2026-11-23",${dayHead},"in":5,"out":1,"windows":[{"start":"2026-11-23T09:00:00Z","in":5,"out":1}],${tail(7, 0.1, footfall)}`,
    ],
    [
      379,
      `{"id":"nl-0042/gw-1/footfall/shoes/2026-11-23T09:00:00Z",${head},"in":43,"out":36,${tail(15, 0.2, footfall)}`,
    ],
    [
      2610,
      `{"id":"nl-0042/gw-1/day/shoes/2026-11-23",${dayHead},"in":3,"out":-1,"windows":[{"start":"2026-11-23T09:00:00Z","in":3,"out":-1}],${tail(15, 0.2, footfall)}`,
    ],
  ])('keep their very bytes: %d of them', (length, text) => {
    const policy = policyFor('footfall')
    const series = policy.series.find((one) => text.includes(`/${one.name}/`))!
    expect(sent(series, policy.hash)).toBe(text.padEnd(length))
  })

  it('keep them without `out` too', () => {
    const policy = policyFor('footfall-in')
    const text = `{"id":"nl-0042/gw-1/footfall/entrance/2026-11-23T09:00:00Z",${head},"in":42,"out":null,${tail(7, 0.4, footfallIn)}`
    expect(sent(policy.series[0]!, policy.hash)).toBe(text.padEnd(378))
  })
})
