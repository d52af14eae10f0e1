import type { Config } from '../config.ts'

/** What a configuration lets shoppers agree to, and what leaves about those who do. */
export function purposeLines({ purposes, web }: Config): string[] {
  if (purposes.length === 0) return ['Nobody is asked for consent, so nothing about a single shopper can leave.']
  const each = purposes.map(({ id, recipient, caps: { perVisit, perDay }, quiet }) => {
    return `  ${id}, to ${recipient}: at most ${perVisit} a visit and ${perDay} a day, none from ${quiet.replace('-', ' to ')}.`
  })
  const isSafe = web.certificate !== undefined
  const where = isSafe
    ? `They agree on the page of this box (${web.public}) or of the relay.`
    : `They agree on the page of the relay; that of this box (${web.public}) has no certificate, so it only reads and refuses.`
  return [
    'Of a shopper who agreed, and of nobody else: arrived, which zone, left, to the minute, under a random handle.',
    ...each,
    where,
    web.page
      ? `The code on the screen leads to ${web.page}.`
      : 'web.page is not set: the code on the screen leads to this box.',
  ]
}

/** How long what shoppers agreed to is kept. */
export function consentKeepingLines({ purposes, retention }: Config, inWords: (duration: string) => string): string[] {
  if (purposes.length === 0) return []
  return [
    `Signals that wait to be sent ${inWords(retention.signals)}; of "just this visit" nothing is written.`,
    `What was agreed and ended, as proof, ${inWords(retention.consentRecords)}; the key of a tag until its shopper leaves.`,
  ]
}
