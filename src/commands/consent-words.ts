import type { Verdict } from '../consent/chain.ts'
import type { ReceiptCheck } from '../consent/receipt.ts'
import { type ConsentRecord, isLive, recordsOf, stateOf } from '../consent/record.ts'

/** What the consent record holds, in numbers. Nothing here says who, or who is in the shop. */
export interface ConsentStatus {
  readonly state: Verdict['state']
  readonly said: string
  /** Records that live, and of those how many are recognised by radio and how many are restricted. */
  readonly living: number
  readonly withKey: number
  readonly restricted: number
  /** Ended, and kept as proof for as long as the configuration says. */
  readonly ended: number
  /** Purpose, state, count. */
  readonly purposes: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export function statusOf(verdict: Verdict): ConsentStatus {
  const records = verdict.state === 'sound' ? [...recordsOf(verdict.entries).values()] : []
  const living = records.filter(isLive)
  return {
    state: verdict.state,
    said: verdictLine(verdict),
    living: living.length,
    withKey: living.filter(({ isErased }) => !isErased).length,
    restricted: living.filter(({ isRestricted }) => isRestricted).length,
    ended: records.length - living.length,
    purposes: purposesOf(living),
  }
}

function purposesOf(living: readonly ConsentRecord[]): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {}
  for (const record of living) {
    for (const purpose of record.purposes.keys()) {
      const state = stateOf(record, purpose) ?? 'refused'
      counts[purpose] ??= {}
      counts[purpose][state] = (counts[purpose][state] ?? 0) + 1
    }
  }
  return counts
}

export function statusLines(status: ConsentStatus & { erasesInPlace: boolean }): string[] {
  const purposes = Object.entries(status.purposes).map(
    ([purpose, states]) =>
      `  ${purpose}: ${Object.entries(states)
        .map(([state, count]) => `${count} ${state}`)
        .join(', ')}`,
  )
  return [
    status.said,
    `${status.living} agreed and go on (${status.withKey} with a tag or app, ${status.restricted} restricted); ${status.ended} ended.`,
    ...purposes,
    status.erasesInPlace
      ? 'Keys are erased where they lie on this file system.'
      : 'This file system is not known to erase a key where it lies: use ext4 for the data folder.',
  ]
}

export function verdictLine(verdict: Verdict): string {
  if (verdict.state === 'broken') return `The consent record is broken: entry ${verdict.seq}: ${verdict.why}.`
  const { head, forgotten } = verdict
  if (head.seq === 0) return 'The consent record is empty: nobody was asked yet.'
  const gone = forgotten > 0 ? `, ${forgotten} of them forgotten when their time had come` : ''
  return `The consent record is whole: ${head.seq} entries${gone}; its end is ${head.hash}.`
}

export function receiptLines(check: ReceiptCheck): string[] {
  if (check.state === 'invalid') return [`Not valid. ${check.why}`]
  const { receipt, keyId } = check
  const given = new Date(receipt.consentTimestamp * 1000).toISOString()
  const purposes = receipt.services.flatMap((service) => service.purposes)
  return [
    `Valid: signed by the box with the key ${keyId}. Compare that with the sign in the shop.`,
    `Agreed ${given} with ${receipt.piiControllers.map(({ piiController }) => piiController).join(', ')}.`,
    ...purposes.map(({ purpose, termination }) => `  ${purpose}, until ${termination} at the latest`),
    'Whether it was withdrawn since, only the box knows.',
  ]
}
