import { describe, expect, it } from 'vitest'
import { formatSnapshot, parseSnapshot, type Snapshot } from '../../src/privacy/snapshot.ts'

const start = 1_795_424_400_000
const good: Snapshot = {
  counts: { [start]: { entrance: [3, 2] } },
  stays: { [start]: { shoes: [4, 0, 0, 2, 1, 0, 0, 0] } },
  phones: { [start]: { until: start + 300_000, zones: { entrance: 12 } } },
  alive: { [start]: { entrance: 299_000.5, 'phones/entrance': 300_000 } },
}

describe('a snapshot', () => {
  it('comes back as it was', () => {
    expect(parseSnapshot(formatSnapshot(good))).toEqual(good)
  })

  it.each([
    ['a stay of a ninth length', { stays: { [start]: { shoes: [0, 0, 0, 0, 0, 0, 0, 0, 1] } } }],
    ['no phones', { phones: undefined }],
    ['phones that are a list of addresses', { phones: { [start]: ['C0:11:22:33:44:55'] } }],
    ['a text for a number', { phones: { [start]: { until: start + 300_000, zones: { entrance: '12' } } } }],
    ['a part of a phone', { phones: { [start]: { until: start + 300_000, zones: { entrance: 1.5 } } } }],
    ['fewer than no phones', { phones: { [start]: { until: start + 300_000, zones: { entrance: -1 } } } }],
    ['no zones', { phones: { [start]: { until: start + 300_000 } } }],
    ['an end in another slot', { phones: { [start]: { until: start + 7_200_000, zones: {} } } }],
    ['an end before the slot', { phones: { [start]: { until: start, zones: {} } } }],
    ['a slot that is no time', { phones: { monday: { until: start, zones: {} } } }],
    ['one count for a pair', { counts: { [start]: { entrance: [3] } } }],
    ['no time heard', { alive: { [start]: { entrance: null } } }],
  ])('with %s is none at all', (_, change) => {
    expect(parseSnapshot(JSON.stringify({ ...good, ...change }))).toBeUndefined()
  })
})
