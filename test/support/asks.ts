import { boxAskPair } from '../../src/base/ask-seal.ts'
import type { OfferMessage } from '../../src/uplink/feed-schema.ts'

/** The pair of a made-up box. */
export const askPair = boxAskPair(Buffer.alloc(32, 5))

/** A whole offer, as a box would answer it. */
export function offerIn(language: string, changes: object = {}): OfferMessage {
  return {
    state: 'offer',
    fresh: 'f'.repeat(22),
    askKey: askPair.publicKey.toString('base64url'),
    askKeyId: askPair.keyId,
    signKeyId: 's'.repeat(16),
    language,
    languages: ['nl', 'en'],
    shop: {
      id: 'nl-0042',
      name: 'Acme Spuistraat',
      country: 'NL',
      controller: 'Acme Retail BV',
      contact: 'privacy@acme.example',
      dpo: null,
      authority: null,
      recipients: [{ name: 'Acme Offers', country: 'NL', safeguard: null }],
    },
    ageLimit: 16,
    isOpen: true,
    closesAt: '2026-11-26T17:00:00.000Z',
    measured: { profile: 'footfall', windowMinutes: 15, guessIn100: 73, retainedDays: 400 },
    purposes: [
      {
        id: 'offers',
        text: 'Offers while you are here.',
        benefit: '5 % off.',
        recipient: 'Acme Offers',
        retention: '90d',
        perVisit: 3,
        perDay: 6,
        quiet: '21:00-08:00',
        longestDays: 180,
        notice: `sha256:${'ab'.repeat(32)}`,
      },
    ],
    ...changes,
  }
}
