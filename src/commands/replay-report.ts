import type { RecordingSummary } from '../drivers/recording.ts'
import type { Gateway } from '../gateway.ts'
import type { Tally } from '../observations/observers.ts'

/** What a replay counted and released. */
export interface Account {
  /** People counted, exact: whoever replays a recording has it anyway. */
  readonly counted: Record<string, { in: number; out: number }>
  /** Stays that were over, exact as well. */
  readonly stays: Record<string, number>
  released: number
  readonly missing: Record<string, number>
}

/** Keeps the account of a gateway from now on. */
export function openAccount(gateway: Gateway): Account {
  const account: Account = { counted: {}, stays: {}, released: 0, missing: {} }
  gateway.onObservation((observation) => {
    if (observation.kind === 'stay') account.stays[observation.zone] = (account.stays[observation.zone] ?? 0) + 1
    if (observation.kind !== 'crossing') return
    account.counted[observation.zone] ??= { in: 0, out: 0 }
    account.counted[observation.zone]![observation.direction] += observation.people
  })
  gateway.onRelease(({ missing }) => {
    if (missing) account.missing[missing] = (account.missing[missing] ?? 0) + 1
    else account.released += 1
  })
  return account
}

/** What a replay did, for a person or (`--json`) for a program. */
export interface ReplaySummary extends Account {
  readonly file: string
  readonly recording: RecordingSummary
  /** The first bad lines, each with its number and what is wrong. */
  readonly badLines: readonly string[]
  readonly late: number
  /** What became of the adverts, exact; null where none was heard. */
  readonly radio: Omit<Tally, 'ambiguous'> | null
  readonly sent: { readonly acknowledged: number; readonly waiting: number }
}

interface Parts {
  readonly file: string
  readonly reader: RecordingSummary
  readonly bad: readonly string[]
  readonly account: Account
  readonly gateway: Gateway
}

export function replaySummary({ file, reader, bad, account, gateway }: Parts): ReplaySummary {
  const sent = { acknowledged: gateway.uplink.state().acknowledged, waiting: gateway.waiting() }
  const { ambiguous: _, ...adverts } = gateway.tally()
  const radio = adverts.adverts > 0 ? adverts : null
  return { file, recording: reader, badLines: bad, ...account, late: gateway.late(), radio, sent }
}

/** The summary as a person reads it. `broker` is the address it was sent to. */
export function replayReport(summary: ReplaySummary, broker: string): string {
  const { acknowledged, waiting } = summary.sent
  const rows: [string, string][] = [
    ...linesRead(summary.recording),
    ...Object.entries(summary.counted).map(([zone, { in: ins, out }]): [string, string] => {
      return ['counted', `${zone}: ${number(ins)} in, ${number(out)} out (exact, not sent)`]
    }),
    ...Object.entries(summary.stays).map(([zone, stays]): [string, string] => {
      return ['timed', `${zone}: ${plural(stays, 'stay', '(exact, not sent)')}`]
    }),
    ...(summary.radio ? advertLines(summary.radio) : []),
    ['released', plural(summary.released, 'message', 'with numbers')],
    ...Object.entries(summary.missing).map(([reason, count]): [string, string] => [
      'missing',
      `${number(count)} ${reason}`,
    ]),
    ...(summary.late > 0
      ? [['too late', plural(summary.late, 'passage', 'after the slot was drawn')] as [string, string]]
      : []),
    ['sent', `${number(acknowledged)} acknowledged by ${broker}`],
    ...(waiting > 0
      ? [
          ['waiting', `${number(waiting)} in the outbox: no broker answered; run it again to send them`] as [
            string,
            string,
          ],
        ]
      : []),
  ]
  const table = rows.map(([label, text], i) => `  ${(label === rows[i - 1]?.[0] ? '' : label).padEnd(10)}${text}`)
  const bad = summary.badLines.map((line) => `  ${line}`)
  return [summary.file, ...table, ...(bad.length > 0 ? ['Bad lines, skipped:', ...bad] : []), ''].join('\n')
}

function linesRead({ lines, bad, dropped }: RecordingSummary): [string, string][] {
  const read = Object.entries(lines).map(([sensor, kinds]): [string, string] => {
    const counts = Object.entries(kinds).map(([kind, count]) => `${number(count ?? 0)} ${kind}`)
    const lost = dropped[sensor] ? `, ${number(dropped[sensor])} frames not understood` : ''
    return ['read', `${sensor}: ${counts.join(', ') || 'nothing'}${lost}`]
  })
  return bad > 0 ? [...read, ['bad', plural(bad, 'line', 'skipped')]] : read
}

function advertLines({
  own,
  staff,
  phones,
  refused,
  dropped,
}: NonNullable<ReplaySummary['radio']>): [string, string][] {
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0)
  const rows: [string, number][] = [
    ["of the shop's own devices", own],
    ['of staff, not counted', staff],
    ['of phones near enough', phones],
    ['of people who said no', refused],
    ...reasons.map(([reason, count]): [string, number] => [`dropped: ${reason}`, count]),
  ]
  return rows.filter(([, count]) => count > 0).map(([text, count]) => ['adverts', `${number(count)} ${text}`])
}

function plural(count: number, noun: string, rest: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'} ${rest}`
}

function number(value: number): string {
  return value.toLocaleString('en')
}
