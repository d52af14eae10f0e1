import type { Count } from '../../web/showing.ts'

/** What really happened, slot by slot: who walked over the sills, and what the box counted before the noise. */
export interface Truth {
  walked(crossing: Passage): void
  counted(crossing: Passage): void
  /** Both, of one zone in [from, to), wall ms. */
  between(zone: string, from: number, to: number): { walked: Count; counted: Count }
}

export interface Passage {
  readonly zone: string
  readonly direction: 'in' | 'out'
  readonly people: number
  /** Wall ms. */
  readonly at: number
}

interface Row {
  readonly zone: string
  readonly start: number
  readonly walked: { in: number; out: number }
  readonly counted: { in: number; out: number }
}

/** @param slot ms; slots are aligned to it. @param keeps ms after which a slot is forgotten. */
export function createTruth(slot: number, keeps: number): Truth {
  const rows = new Map<string, Row>()

  function rowOf({ zone, at }: Passage): Row {
    const start = Math.floor(at / slot) * slot
    const key = `${zone} ${start}`
    const known = rows.get(key)
    if (known) return known
    for (const [old, row] of rows) if (row.start < start - keeps) rows.delete(old)
    const row = { zone, start, walked: { in: 0, out: 0 }, counted: { in: 0, out: 0 } }
    rows.set(key, row)
    return row
  }

  return {
    walked(passage) {
      rowOf(passage).walked[passage.direction] += passage.people
    },
    counted(passage) {
      rowOf(passage).counted[passage.direction] += passage.people
    },
    between(zone, from, to) {
      const held = [...rows.values()].filter((row) => row.zone === zone && from <= row.start && row.start < to)
      return { walked: sum(held.map((row) => row.walked)), counted: sum(held.map((row) => row.counted)) }
    },
  }
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce((all, one) => ({ in: all.in + one.in, out: all.out + one.out }), { in: 0, out: 0 })
}
