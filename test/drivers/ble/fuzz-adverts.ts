import { parseAd } from '../../../src/base/ad.ts'
import { decodeAdvert } from '../../../src/drivers/ble/advert.ts'
import type { Advert } from '../../../src/drivers/reading.ts'
import { createRecognition } from '../../../src/observations/recognition.ts'
import { createRandom, type Random } from '../../../src/simulator/random.ts'
import vectors from '../../fixtures/adverts.json' with { type: 'json' }
import * as build from '../../observations/adverts.ts'

/**
 * Mutated and random adverts through all that reads them. By hand:
 * `npx node test/drivers/ble/fuzz-adverts.ts SEED COUNT [FROM]`, where FROM is the advert to go on with.
 */
export interface Campaign {
  readonly seed: string
  readonly count: number
  /** Adverts to pass over: a campaign that was stopped goes on where it was. */
  readonly from?: number
  readonly progress?: (done: number) => void
}

// Each block has its own chance and its own recognition, so that what went wrong is found again without what came before.
const blockLength = 10_000
const device = { key: '231d39c1d7cc1ab1aee224cd096db932', address: 'A4:C1:38:8D:18:B2' }
const beacons = [
  build.own('ibeacon', { uuid: build.shopUuid }),
  build.own('altbeacon', { uuid: '2f234454-cf6d-4a0f-adf2-f4911ba9ffa6', major: 1 }),
  build.own('eddystone-uid', { namespace: build.namespace }),
  build.own('bthome', device),
  build.own('bthome', { id: 'open', address: '54:48:E6:8F:80:A5' }),
  build.own('ruuvi', { address: 'CB:B8:33:4C:88:4F' }),
  build.own('irk', { key: 'ec0234a357c8ad05341010a60a397d9b', staff: true }),
]
const addresses = [device.address, '54:48:E6:8F:80:A5', 'CB:B8:33:4C:88:4F', '70:81:94:0D:FB:AA', '5A:11:22:33:44:55']
const corpus = [
  ...[...vectors.known, ...vectors.unknown].map(({ advert }) => build.bytes(advert)),
  ...build.refusals.map(([, data]) => data),
  build.bthome(Buffer.from(build.bthomeSealed('0164', 7, device)).toString('hex')),
]

/** @returns how many were read. @throws with the place of the first that made a reader throw or that was not accounted for */
export function fuzz({ seed, count, from = 0, progress }: Campaign): number {
  let done = 0
  for (let block = Math.floor(from / blockLength); done < count; block++) {
    const length = Math.min(blockLength, count - done)
    fuzzBlock(seed, block, length)
    done += length
    progress?.(block * blockLength + length)
  }
  return done
}

function fuzzBlock(seed: string, block: number, length: number): void {
  const random = createRandom(seed, block)
  const phones = block % 2 === 0 ? { rssiMin: -75 } : undefined
  let nearby = 0
  const recognition = createRecognition({
    beacons,
    phones,
    observe: ({ kind }) => (nearby += kind === 'nearby' ? 1 : 0),
  })
  for (let i = 0; i < length; i++) {
    const advert = randomAdvert(random)
    try {
      read(advert.data)
      recognition.hear(build.heard(advert, i * random.below(1000)), 'entrance')
      if (i % 64 === 0) recognition.tick(i)
    } catch (cause) {
      throw new Error(`advert ${block * blockLength + i} of seed ${seed}`, { cause })
    }
  }
  const { adverts, dropped, ...places } = recognition.tally()
  const sum = [...Object.values(places), ...Object.values(dropped)].reduce((a, b) => a + b, 0)
  if (adverts !== length || sum !== length) throw new Error(`block ${block} of seed ${seed}: ${sum} of ${length}`)
  if (nearby !== places.phones || (!phones && nearby > 0)) throw new Error(`block ${block} of seed ${seed}: nearby`)
}

function read(data: Uint8Array): void {
  const { structures } = parseAd(data)
  const covered = structures.reduce((sum, structure) => sum + structure.data.length + 2, 0)
  if (covered > data.length) throw new Error('the structures are longer than the advert')
  const decoded = decodeAdvert(data)
  if (typeof decoded.format !== 'string') throw new Error('it has no format')
  if (decoded.format === 'unknown' && typeof decoded.reason !== 'string') throw new Error('it has no reason')
}

function randomAdvert(random: Random): Advert {
  const address = random.chance(0.5) ? build.bytes(random.pick(addresses)) : noise(random, 6)
  const type = random.chance(0.8) ? 'random' : 'public'
  return { address, type, rssi: random.chance(0.05) ? 127 : -random.below(128), data: randomData(random) }
}

function randomData(random: Random): Uint8Array {
  const kind = random.below(10)
  if (kind === 0) return noise(random, random.chance(0.02) ? random.below(1651) : random.below(40))
  if (kind === 1) return randomStructures(random)
  let data = random.pick(corpus)
  if (kind === 2) data = build.joined(data, random.pick(corpus))
  for (let changes = random.below(4); changes > 0; changes--) data = mutated(random, data)
  return data
}

/** Lengths that fit, types that are read, contents that are not. */
function randomStructures(random: Random): Uint8Array {
  const types = [0x01, 0x06, 0x07, 0x09, 0x16, 0x21, 0xff]
  const starts = [
    [0xaa, 0xfe, 0x00],
    [0xaa, 0xfe, 0x20],
    [0xd2, 0xfc, 0x41],
    [0x4c, 0x00, 0x02, 0x15],
    [0x99, 0x04, 5],
    [],
  ]
  const one = () => {
    const content = Uint8Array.of(...random.pick(starts), ...noise(random, random.below(24)))
    return build.structure(random.pick(types), content)
  }
  return build.joined(...Array.from({ length: 1 + random.below(3) }, one))
}

function mutated(random: Random, data: Uint8Array): Uint8Array {
  if (data.length === 0) return noise(random, 3)
  const at = random.below(data.length)
  switch (random.below(4)) {
    case 0:
      return data.with(at, random.below(256))
    case 1:
      return data.with(at, data[at]! ^ (1 << random.below(8)))
    case 2:
      return data.slice(0, at)
    default:
      return Uint8Array.of(...data.subarray(0, at), ...noise(random, 1 + random.below(3)), ...data.subarray(at))
  }
}

function noise(random: Random, length: number): Uint8Array {
  const result = new Uint8Array(length)
  for (let i = 0; i < length; i++) result[i] = random.below(256)
  return result
}

if (import.meta.main) {
  const [seed = '1', count = '1000000', from = '0'] = process.argv.slice(2)
  const began = process.cpuUsage()
  const progress = (done: number) => {
    if (done % 1_000_000 === 0) console.log(`${done} adverts`)
  }
  const done = fuzz({ seed, count: Number(count), from: Number(from), progress })
  const { user, system } = process.cpuUsage(began)
  console.log(`${done} adverts of seed ${seed} in ${Math.round((user + system) / 1e6)} s of CPU time: nothing threw`)
}
