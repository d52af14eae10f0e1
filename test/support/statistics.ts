/** P(k) of the discrete Laplace distribution with scale 1/epsilon. */
export function discreteLaplaceProbability(k: number, epsilon: number): number {
  const a = Math.exp(-epsilon)
  return ((1 - a) / (1 + a)) * a ** Math.abs(k)
}

/** P(X >= statistic) for chi-square with `freedom` degrees: the regularised upper incomplete gamma function. */
export function chiSquareUpperTail(statistic: number, freedom: number): number {
  const [a, x] = [freedom / 2, statistic / 2]
  if (x <= 0) return 1
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x)
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < 1000 && term > sum * 1e-15; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum * Math.exp(-x + a * Math.log(x) - logGamma(a))
}

function upperFraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let h = d
  for (let i = 1; i < 1000; i++) {
    const an = -i * (i - a)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-14) break
  }
  return h * Math.exp(-x + a * Math.log(x) - logGamma(a))
}

/** Lanczos' approximation (g = 7, 9 terms), good to 1e-13 for the values used here. */
function logGamma(z: number): number {
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  const x = z - 1
  const t = x + 7.5
  const sum = terms.reduce((total, term, i) => (i === 0 ? term : total + term / (x + i)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum)
}
