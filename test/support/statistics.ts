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

/**
 * I_x(a, b), the regularised incomplete beta function, by its continued fraction (Lentz). P[Binomial(n, p) >= k] is
 * I_p(k, n - k + 1).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let h = d
  const step = (term: number) => {
    d = 1 / away(1 + term * d)
    c = away(1 + term / c)
    h *= d * c
    return Math.abs(d * c - 1)
  }
  for (let m = 1; m < 100_000; m++) {
    step((m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)))
    if (step((-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))) < 1e-14) break
  }
  return h
}

/** How often something happened, of how many tries. */
export interface Hits {
  readonly hits: number
  readonly tries: number
}

/** Clopper and Pearson (1934): the true chance is below `low` with a chance of at most `alpha`, and so above `high`. */
export function binomialBounds({ hits, tries }: Hits, alpha: number): { low: number; high: number } {
  const low = hits === 0 ? 0 : bisect((p) => incompleteBeta(p, hits, tries - hits + 1) >= alpha)
  const high = hits === tries ? 1 : bisect((p) => incompleteBeta(p, hits + 1, tries - hits) >= 1 - alpha)
  return { low, high }
}

/** The least p in [0, 1] for which it is true. */
function bisect(isTrue: (p: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (isTrue(middle)) high = middle
    else low = middle
  }
  return high
}

/**
 * Epsilon is at least this, but for a chance of `alpha`: an event with probability p on one side and q on the other shows
 * epsilon >= ln(p/q) under pure differential privacy.
 */
export function epsilonBound(more: Hits, less: Hits, alpha = 0.001): number {
  return Math.log(binomialBounds(more, alpha / 2).low / binomialBounds(less, alpha / 2).high)
}

/**
 * Epsilon of each canary is at least this, but for a chance of `alpha` (Steinke, Nasr, Jagielski 2023, "Privacy auditing
 * with one (1) training run"): of independent canaries, each included by a fair coin, an epsilon-private mechanism lets no
 * more be guessed right than a Binomial with e^epsilon / (1 + e^epsilon) has; where nothing is guessed does not count.
 */
export function epsilonOfGuesses(right: Hits, alpha = 0.001): number {
  const { low } = binomialBounds(right, alpha)
  return Math.log(low / (1 - low))
}

/**
 * Standard deviations by which the mean of |noise| is off that of the discrete Laplace distribution with P(k) ~ exp(-rate
 * |k|): the sharpest test of a scale, since the sum of |noise| is sufficient for it. Positive when there is too much noise.
 */
export function scaleDeviation(meanMagnitude: number, samples: number, rate: number): number {
  const a = Math.exp(-rate)
  const mean = (2 * a) / (1 - a * a)
  const variance = (2 * a) / (1 - a) ** 2 - mean ** 2
  return (meanMagnitude - mean) / Math.sqrt(variance / samples)
}

/** Chi-square of observed against wanted counts: the chance of a fit as bad as this. */
export function fitOf(counts: readonly number[], wanted: readonly number[]): number {
  const statistic = counts.reduce((sum, count, i) => sum + (count - wanted[i]!) ** 2 / wanted[i]!, 0)
  return chiSquareUpperTail(statistic, counts.length - 1)
}

/** Chi-square of independence of a table of counts: the chance of a table as uneven as this. */
export function independenceOf(table: readonly (readonly number[])[]): number {
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0))
  const columns = table[0]!.map((_, j) => table.reduce((sum, row) => sum + row[j]!, 0))
  const all = rows.reduce((sum, count) => sum + count, 0)
  const cells = table.flatMap((row, i) => row.map((count, j) => ({ count, wanted: (rows[i]! * columns[j]!) / all })))
  const statistic = cells.reduce((sum, { count, wanted }) => sum + (count - wanted) ** 2 / wanted, 0)
  return chiSquareUpperTail(statistic, (rows.length - 1) * (columns.length - 1))
}

/** Correlations of all pairs of columns, times the root of the number of rows: standard normal where they are independent. */
export function correlationsOf(rows: readonly (readonly number[])[]): number[] {
  const columns = rows[0]!.map((_, column) => standardised(rows.map((row) => row[column]!)))
  return columns.flatMap((one, i) => {
    return columns.slice(i + 1).map((other) => {
      return one.reduce((sum, value, row) => sum + value * other[row]!, 0) / Math.sqrt(rows.length)
    })
  })
}

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return values.map((value) => (value - mean) / Math.sqrt(variance))
}
