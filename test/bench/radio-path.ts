import type { HearAdvert } from '../../src/drivers/ble/bus/advert-ear.ts'
import type { BeaconSettings, SensorSettings } from '../../src/drivers/settings.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { createAddressSet } from '../../src/privacy/address-set.ts'
import { openShop, phonesSettings } from '../support/wall.ts'
import { decoderOf } from './radio.ts'
import { type BenchRow, cpuOf, row } from './table.ts'

const radio: SensorSettings = { id: 'radio', kind: 'ble', zone: 'entrance', adapter: 'hci0' }

const beacons: readonly BeaconSettings[] = Array.from({ length: 20 }, (_, i) => ({
  id: `beacon-${i}`,
  format: 'ibeacon',
  uuid: '7d3c1d2e-5b0a-4a63-9f57-3f1f6a1c0d11',
  major: 1,
  minor: i,
  staff: false,
}))

/** From an advert as the reader gives it to the open window of a shop that counts phones and has twenty beacons. */
export function radioPath(): { hear: HearAdvert; counted: () => number } {
  const start = '2026-11-23T09:00:00Z'
  const shop = openShop({ start, radios: ['entrance'], privacy: { profile: 'phones', phones: phonesSettings } })
  let counted = 0
  const observers = createObservers(
    [radio],
    (observation) => {
      if (observation.kind !== 'nearby') return
      counted++
      shop.wall.hear(observation.at, observation)
    },
    { beacons, phones: phonesSettings },
  )
  shop.wall.tick()
  return {
    hear: (advert) => observers.observe({ kind: 'advert', sensor: radio.id, at: shop.clock.monotonic(), advert }),
    counted: () => counted,
  }
}

/** CPU µs an advert from the bytes of D-Bus to the open window, of the adverts that are near enough to count. */
export async function pathCost(stream: Uint8Array): Promise<number> {
  let heard = 0
  const path = radioPath()
  const push = decoderOf((advert, about) => {
    heard++
    path.hear(advert, about)
  })
  push(stream)
  heard = 0
  const rounds = 10
  const cpu = await cpuOf(() => {
    for (let round = 0; round < rounds; round++) push(stream)
  })
  if (path.counted() < heard / 3) throw new Error(`of ${heard} adverts only ${path.counted()} were counted`)
  return cpu / heard
}

/** What a distinct address of one window takes, at the most that there can be. */
export function memoryRows(): BenchRow[] {
  const count = 1_000_000
  const set = createAddressSet(count)
  const pseudonym = Buffer.alloc(64)
  for (let i = 0; i < count; i++) {
    pseudonym.writeInt32LE(Math.imul(i, 0x9e3779b1))
    pseudonym.writeUInt16LE((i * 40_503) & 0xffff, 4)
    set.add(pseudonym)
  }
  const bytes = set.byteLength / set.size
  set.wipe()
  return [row('memory of a distinct address', bytes, 'bytes', 'a million of them in one window; goal 16')]
}
