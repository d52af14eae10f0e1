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

/** The same for the sum of `draws` independent numbers, by convolution of the distribution with itself. */
export function noise95OfSum(epsilonMilli: number, draws: number): number {
  const a = Math.exp(-epsilonMilli / 1000)
  const reach = Math.ceil((14_000 / epsilonMilli) * Math.sqrt(draws))
  const one = new Float64Array(2 * reach + 1).map((_, i) => ((1 - a) / (1 + a)) * a ** Math.abs(i - reach))
  const sum = power(one, draws, reach)
  let inside = sum[reach]!
  let t = 0
  while (inside < 0.95 && t < reach) {
    t += 1
    inside += sum[reach - t]! + sum[reach + t]!
  }
  return t
}

function power(one: Float64Array, draws: number, reach: number): Float64Array {
  let square = one
  let result: Float64Array | undefined
  for (let left = draws; left > 0; left >>= 1) {
    if (left & 1) result = result ? convolve(result, square, reach) : square
    if (left > 1) square = convolve(square, square, reach)
  }
  return result ?? one
}

/** Both centred at `reach`; what falls further out than `reach` is dropped (less than 1e-5 by the choice of reach). */
function convolve(left: Float64Array, right: Float64Array, reach: number): Float64Array {
  const sum = new Float64Array(2 * reach + 1)
  for (let i = 0; i < left.length; i++) {
    const from = Math.max(0, reach - i)
    const to = Math.min(right.length, 3 * reach + 1 - i)
    for (let j = from; j < to; j++) sum[i + j - reach]! += left[i]! * right[j]!
  }
  return sum
}

/** How often, in 100 tries from even odds, someone who sees every number can guess right whether you came. Rounded up. */
export function guessIn100(epsilonMilli: number): number {
  const odds = Math.exp(epsilonMilli / 1000)
  return Math.ceil((100 * odds) / (1 + odds))
}
