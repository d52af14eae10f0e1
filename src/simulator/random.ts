/**
 * Chance that can be repeated: the same seed gives the same shop. For the simulator only; what protects people is
 * drawn in privacy/ from the machine's own randomness.
 */
export interface Random {
  /** At least 0, below 1. */
  unit(): number
  between(low: number, high: number): number
  /** A whole number from 0, below `count`. */
  below(count: number): number
  chance(probability: number): boolean
  normal(mean: number, deviation: number): number
  pick<T>(items: readonly T[]): T
  shuffled<T>(items: readonly T[]): T[]
}

/** Everything in `seed` counts: createRandom(7, 'aisle', 12) and createRandom(7, 'aisle', 13) have nothing in common. */
export function createRandom(...seed: readonly (number | string)[]): Random {
  const next = sfc32(seed)
  const unit = () => next() / 2 ** 32
  const below = (count: number) => Math.floor(unit() * count)

  return {
    unit,
    between: (low, high) => low + (high - low) * unit(),
    below,
    chance: (probability) => unit() < probability,
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
    pick: (items) => items[below(items.length)]!,
    shuffled(items) {
      const result = [...items]
      for (let last = result.length - 1; last > 0; last--) {
        const other = below(last + 1)
        ;[result[last], result[other]] = [result[other]!, result[last]!]
      }
      return result
    },
  }
}

/** Small fast counting generator (C. Doty-Humphrey, PractRand), 128 bits of state, 32 bits a call. */
function sfc32(seed: readonly (number | string)[]): () => number {
  let [a, b, c] = [hash(seed, 1), hash(seed, 2), hash(seed, 3)]
  let counter = 1
  function next(): number {
    const sum = (a + b + counter) >>> 0
    counter = (counter + 1) >>> 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) >>> 0
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0
    return sum
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

/** FNV-1a over the parts, finished as MurmurHash3 does. */
function hash(parts: readonly (number | string)[], salt: number): number {
  let h = (0x811c9dc5 ^ salt) >>> 0
  for (const character of parts.join('/')) h = Math.imul(h ^ character.charCodeAt(0), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
