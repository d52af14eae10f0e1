import type { FastifyRequest } from 'fastify'
import { chooseLanguage, languages, wishesOf } from '../languages/languages.ts'
import { isHere } from './guard.ts'
import type { ShopperParts } from './parts.ts'
import type { View } from './view.ts'

/** The languages that our pages speak. */
export const knownLanguages = Object.keys(languages)

/** The language somebody asks for, by the address first, else by the browser, of those offered. */
export function languageOf(request: FastifyRequest, offered: readonly string[], chosen = ''): string {
  const { language } = request.query as { language?: unknown }
  const asked = typeof language === 'string' ? [language] : []
  return chooseLanguage([chosen, ...asked, ...wishesOf(request.headers['accept-language'] ?? '')], offered)
}

/** How a page is shown to who asks for it. @param spoken what the shop's texts are in */
export function viewOf(
  request: FastifyRequest,
  house: Pick<ShopperParts, 'isSecure'>,
  spoken: readonly string[] = knownLanguages,
  chosen = '',
): View {
  const both = spoken.filter((code) => knownLanguages.includes(code))
  const offered = both.length > 0 ? both : knownLanguages
  const language = languageOf(request, offered, chosen)
  const { choices } = request.query as { choices?: unknown }
  return {
    language,
    words: languages[language]!,
    offered,
    maySend: maySend(request, house),
    hasRefused: hasRefused(request),
    wantsChoices: choices === '1',
  }
}

export function maySend(request: FastifyRequest, { isSecure }: Pick<ShopperParts, 'isSecure'>): boolean {
  return isSecure || isHere(request)
}

// One cookie for all shops of this address, so that who said no in one is not asked in the next. It says nothing else.
export function refusal(isSecure: boolean): string {
  const year = 365 * 24 * 60 * 60
  return `refused=1; Path=/; Max-Age=${year}; SameSite=Lax; HttpOnly${isSecure ? '; Secure' : ''}`
}

function hasRefused({ headers }: FastifyRequest): boolean {
  return (headers.cookie ?? '').split(/;\s*/).includes('refused=1')
}
