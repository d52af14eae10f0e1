import { createRollingMedian } from './rolling-median.ts'

/** Something nearer than this share of the usual distance stands in the beam. */
export const blockedShare = 0.85

// 127 samples 100 ms apart: the usual distance is that of the last 13 s without anybody.
const samples = 127
const samplePeriod = 100

/** A range finder as a beam: it must face something solid within its range. */
export interface RangeBeam {
  /** 1 while something stands nearer than usual. An invalid range says nothing, so the level stays. */
  measure(millimetres: number | null, at: number): 0 | 1
}

export function createRangeBeam(): RangeBeam {
  const idle = createRollingMedian(samples)
  let level: 0 | 1 = 0
  let sampledAt = Number.NEGATIVE_INFINITY

  return {
    measure(millimetres, at) {
      if (millimetres === null || !(millimetres > 0)) return level
      const usual = idle.median()
      level = usual !== null && millimetres < blockedShare * usual ? 1 : 0
      if (level === 0 && at - sampledAt >= samplePeriod) {
        idle.push(millimetres)
        sampledAt = at
      }
      return level
    },
  }
}
