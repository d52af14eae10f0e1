/** What may be said in public about the noise: computed from epsilon alone, never from a draw. */

/**
 * Smallest t with P(|Z| <= t) >= 0.95 for Z discrete Laplace of scale sensitivity/epsilon.
 * With a = exp(-epsilon/sensitivity): P(|Z| > t) = 2 a^(t+1) / (1 + a).
 */
export function noise95(epsilonMilli: number, sensitivity = 1): number {
  const a = Math.exp(-epsilonMilli / (1000 * sensitivity))
  let t = 0
  while ((2 * a ** (t + 1)) / (1 + a) > 0.05) t += 1
  return t
}

/** Variance of one draw: 2a / (1 - a)^2 with a = exp(-epsilon). */
export function varianceOf(epsilonMilli: number): number {
  const a = Math.exp(-epsilonMilli / 1000)
  return (2 * a) / (1 - a) ** 2
}

/** The same for the sum of `draws` independent numbers. */
export function noise95OfSum(epsilonMilli: number, draws: number): number {
  return kept(`${epsilonMilli} ${draws}`, () => {
    const half = halfOfSum(epsilonMilli, draws)
    let inside = half[0]!
    let t = 0
    while (inside < 0.95 && t < half.length - 1) {
      t += 1
      inside += 2 * half[t]!
    }
    return t
  })
}

/**
 * The same for round((1 - share) x S + share x Z), where S is the sum of `draws` numbers of one epsilon and Z a draw of
 * another. Exact: for each value of Z it is counted which values of S come out within t.
 */
export function noise95OfBlend(sum: { epsilonMilli: number; draws: number }, single: number, share: number): number {
  return kept(`${sum.epsilonMilli} ${sum.draws} ${single} ${share}`, () => {
    const within = insideOf(halfOfSum(sum.epsilonMilli, sum.draws))
    const ofSingle = halfOfSum(single, 1)
    let t = 0
    while (blendInside(within, ofSingle, share, t) < 0.95) t += 1
    return t
  })
}

function blendInside(within: (from: number, to: number) => number, ofSingle: Float64Array, share: number, t: number) {
  return ofSingle.reduce((total, chance, z) => {
    const [from, to] = [-t - 0.5 - share * z, t + 0.5 - share * z].map((edge) => edge / (1 - share))
    // Both signs of z are as likely, and S is symmetric.
    return total + (z === 0 ? 1 : 2) * chance * within(Math.ceil(from!), Math.floor(to!))
  }, 0)
}

/** P(from <= S <= to) of a symmetric distribution given by its half. */
function insideOf(half: Float64Array): (from: number, to: number) => number {
  const most = half.length - 1
  const below = new Float64Array(2 * most + 2)
  for (let k = -most; k <= most; k++) below[k + most + 1] = below[k + most]! + half[Math.abs(k)]!
  const until = (k: number) => below[Math.min(Math.max(k, -most - 1), most) + most + 1]!
  return (from, to) => until(to) - until(from - 1)
}

/**
 * P(S = k) for k = 0, 1, 2, ...: the characteristic function of one draw, (1-a)^2 / (1 - 2a cos x + a^2), to the power of
 * `draws`, turned back on so many points that what wraps round is below 1e-12.
 */
function halfOfSum(epsilonMilli: number, draws: number): Float64Array {
  const a = Math.exp(-epsilonMilli / 1000)
  const reach = Math.ceil(40_000 / epsilonMilli + 10 * Math.sqrt(draws * varianceOf(epsilonMilli)))
  const points = 2 * reach + 1
  const half = new Float64Array(reach + 1).fill(1 / points)
  for (let j = 1; j <= reach; j++) {
    const x = (2 * Math.PI * j) / points
    const weight = ((1 - a) ** 2 / (1 - 2 * a * Math.cos(x) + a ** 2)) ** draws
    if (weight < 1e-18) break
    for (let k = 0; k <= reach; k++) half[k]! += (2 * weight * Math.cos(x * k)) / points
  }
  return half
}

const bands = new Map<string, number>()

/** A shop needs the same few again and again. */
function kept(key: string, compute: () => number): number {
  const band = bands.get(key) ?? compute()
  bands.set(key, band)
  return band
}

/** How often, in 100 tries from even odds, someone who sees every number can guess right whether you came. Rounded up. */
export function guessIn100(epsilonMilli: number): number {
  const odds = Math.exp(epsilonMilli / 1000)
  return Math.ceil((100 * odds) / (1 + odds))
}
