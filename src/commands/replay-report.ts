import type { RecordingSummary } from '../drivers/recording.ts'
import type { Gateway, Summary } from '../gateway.ts'

/** What a replay did, for a person or (`--json`) for a program. */
export interface ReplaySummary extends Summary {
  readonly file: string
  readonly lines: RecordingSummary
  /** The first bad lines, each with its number and what is wrong. */
  readonly badLines: readonly string[]
  readonly sent: { readonly acknowledged: number; readonly waiting: number }
}

interface Parts {
  readonly file: string
  readonly reader: RecordingSummary
  readonly bad: readonly string[]
  readonly gateway: Gateway
}

export function replaySummary({ file, reader, bad, gateway }: Parts): ReplaySummary {
  const { acknowledged, waiting } = gateway.uplink.state()
  return { file, lines: reader, badLines: bad, ...gateway.summary(), sent: { acknowledged, waiting } }
}
