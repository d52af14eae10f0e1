import type { Clock } from '../base/clock.ts'
import { second } from '../base/duration.ts'
import type { RelayedOffer } from './relay-words.ts'

/**
 * The last known offer of each shop and language. A new one is asked for when it is ten seconds old, once for everybody
 * who waits; while the box is off the last one is shown as that of a closed shop.
 */
export interface RelayOffers<O extends RelayedOffer> {
  get(shop: string, language: string): Promise<O | null>
  /** The box came back, perhaps as another: what it says now counts. */
  renew(shop: string): void
}

export interface OffersParts<O> {
  readonly clock: Clock
  readonly known: readonly { readonly shop: string; readonly offer: O }[]
  /** Asks the box; null when it does not answer. */
  readonly askBox: (shop: string, language: string) => Promise<O | null>
  readonly keep: (shop: string, offer: O) => void
}

const freshFor = 10 * second

interface Known<O> {
  readonly offer: O
  readonly text: string
  at: number
}

export function createRelayOffers<O extends RelayedOffer>(parts: OffersParts<O>): RelayOffers<O> {
  const { clock, askBox, keep } = parts
  const shops = new Map<string, Map<string, Known<O>>>()
  const underWay = new Map<string, Promise<O | null>>()

  for (const { shop, offer } of parts.known) put(shop, offer, -Infinity)

  function put(shop: string, offer: O, at: number): boolean {
    const known = shops.get(shop) ?? new Map<string, Known<O>>()
    shops.set(shop, known)
    const text = JSON.stringify({ ...offer, fresh: null, isOpen: null, closesAt: null })
    const isNew = known.get(offer.language)?.text !== text
    known.set(offer.language, { offer, text, at })
    for (const language of known.keys()) if (!offer.languages.includes(language)) known.delete(language)
    return isNew
  }

  async function asked(shop: string, language: string): Promise<O | null> {
    const offer = await askBox(shop, language)
    // On the disk only what lasts; a new `fresh` is no news.
    if (offer && put(shop, offer, clock.monotonic())) keep(shop, offer)
    return offer
  }

  /** Any two letters would do in an address; a shop has few languages. */
  function spoken(shop: string, language: string): string {
    const first = shops.get(shop)?.values().next().value?.offer
    if (first?.languages.includes(language)) return language
    if (first?.languages[0]) return first.languages[0]
    return /^[a-z]{2}$/.test(language) ? language : 'en'
  }

  return {
    async get(shop, wanted) {
      const language = spoken(shop, wanted)
      const known = shops.get(shop)?.get(language)
      if (known && clock.monotonic() - known.at < freshFor) return known.offer
      const key = `${shop} ${language}`
      const running = underWay.get(key) ?? asked(shop, language).finally(() => underWay.delete(key))
      underWay.set(key, running)
      const offer = await running
      const last = shops.get(shop)?.get(language) ?? shops.get(shop)?.values().next().value
      return offer ?? (last ? { ...last.offer, isOpen: false, closesAt: null } : null)
    },
    renew(shop) {
      for (const known of shops.get(shop)?.values() ?? []) known.at = -Infinity
    },
  }
}
