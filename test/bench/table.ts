/** One measured line. Ratios are against something measured in the same run: these machines are noisy. */
export interface BenchRow {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the value means beside a limit or a peer. */
  readonly against?: string
}

export function row(name: string, value: number, unit: string, against?: string): BenchRow {
  return against ? { name, value, unit, against } : { name, value, unit }
}

/** Three significant digits, thousands separated. */
export function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

/** A table for a terminal; the same rows go into README and the JSON file. */
export function tableText(rows: readonly BenchRow[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length))
  return rows
    .map(({ name, value, unit, against }) => {
      const shown = `${figure(value)} ${unit}`
      return `  ${name.padEnd(width)}  ${shown.padStart(22)}  ${against ?? ''}`.trimEnd()
    })
    .join('\n')
}

/** CPU microseconds of this process (user and system) that `work` costs. */
export async function cpuOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** The median of several runs of `measure`. */
export async function median(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let i = 0; i < runs; i++) values.push(await measure())
  return values.sort((a, b) => a - b)[Math.floor(runs / 2)]!
}
