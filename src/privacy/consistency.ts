import type { ReleasedWindow } from './release.ts'

/**
 * Makes a day's released windows add up to the day's released total: the least-squares projection
 * x_w = y_w + (Y - sum y) / n, rounded cumulatively so that integers still add up exactly. Post-processing of
 * numbers that have left already: it costs nothing. Where a window or the total is missing nothing can be
 * made to add up, so the windows stay as they were released.
 */
export function spread(
  windows: readonly ReleasedWindow[],
  total: { readonly in: number | null; readonly out: number | null },
): ReleasedWindow[] {
  const ins = project(
    windows.map((window) => window.in),
    total.in,
  )
  const outs = project(
    windows.map((window) => window.out),
    total.out,
  )
  return windows.map((window, i) => ({ start: window.start, in: ins[i] ?? null, out: outs[i] ?? null }))
}

function project(values: readonly (number | null)[], total: number | null): readonly (number | null)[] {
  if (total === null || values.length === 0) return values
  let sum = 0
  for (const value of values) {
    if (value === null) return values
    sum += value
  }
  const shift = (total - sum) / values.length
  let before = 0
  let exact = 0
  return values.map((value, i) => {
    exact += value! + shift
    const until = i === values.length - 1 ? total : Math.round(exact)
    const part = until - before
    before = until
    return part
  })
}
