import type { Words } from '../languages/en.ts'
import { fill } from '../languages/languages.ts'
import { choicesPart } from './choices.ts'
import { languageLinks, pageOf } from './frame.ts'
import { dataBlock, type Html, html } from './html.ts'
import { spoken } from './lengths.ts'
import type { Measured, Offer, OfferedShop } from './parts.ts'
import type { View } from './view.ts'

/** The shopper's page: what is measured, and what somebody may choose on top of it. */
export function shopperPage(offer: Offer, view: View): string {
  const { words, language } = view
  const { shop } = offer
  return pageOf({
    language,
    title: fill(words.title, { shop: shop.name }),
    script: 'shopper.js',
    header: html`<p class="shop">${shop.name}</p>${languageLinks(words, language, view.offered, view.wantsChoices ? '&choices=1' : '')}
      <h1>${words.headline}</h1>`,
    main: html`${minePart(view)}${measuredPart(offer, view)}${choicesPart(offer, view)}`,
    footer: html`${receiptLink(view)}<p>${words.footer}</p>${dataBlock('words', words)}`,
  })
}

/** While the box cannot be reached there is nothing to tell but that. */
export function unreachablePage({ words, language, offered, ...view }: View): string {
  return pageOf({
    language,
    title: words.measured,
    script: 'shopper.js',
    header: html`${languageLinks(words, language, offered)}<h1>${words.headline}</h1>`,
    main: html`<p role="status">${words.unreachable}</p>`,
    footer: html`${receiptLink({ words, language, offered, ...view })}<p>${words.footer}</p>${dataBlock('words', words)}`,
  })
}

function measuredPart({ measured, shop }: Offer, { words, language }: View): Html {
  return html`<section id="measured" aria-labelledby="measured-title">
    <h2 id="measured-title">${words.measured}</h2>
    ${sentencesOf(measured, words, language).map((sentence) => html`<p>${sentence}</p>`)}
    <details><summary>${words.responsible}</summary>${responsiblePart(shop, words, language)}</details>
  </section>`
}

function sentencesOf(measured: Measured, words: Words, language: string): string[] {
  const window = spoken(measured.windowMinutes, 'minute', language)
  const days = spoken(measured.retainedDays, 'day', language)
  return [
    words[`measured-${measured.profile}`],
    fill(words.blurred, { window }),
    fill(words.guess, { guess: Math.ceil(measured.guessIn100) }),
    fill(words.nothingToDo, { days }),
  ]
}

function responsiblePart(shop: OfferedShop, words: Words, language: string): Html {
  const regions = new Intl.DisplayNames(language, { type: 'region' })
  const others = shop.recipients.map(({ name, country, safeguard }) =>
    [`${name} (${regions.of(country)})`, safeguard].filter(Boolean).join(': '),
  )
  const rows: [string, string | null][] = [
    [words.controller, shop.controller],
    [words.contact, shop.contact],
    [words.dpo, shop.dpo],
    [words.authority, shop.authority],
    [words.recipients, others.join('; ') || null],
  ]
  return html`<dl>${rows.map(([name, value]) => value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`).filter(isHtml)}</dl>`
}

function isHtml(piece: Html | string | null): piece is Html {
  return typeof piece === 'object' && piece !== null
}

/** Empty until the script shows what somebody has who joined. */
function minePart({ words, maySend }: View): Html | null {
  return maySend
    ? html`<section id="mine" aria-labelledby="mine-title" hidden><h2 id="mine-title" tabindex="-1">${words.mine}</h2></section>`
    : null
}

function receiptLink({ words, language, maySend }: View): Html | null {
  return maySend ? html`<p><a class="button" href="leave?language=${language}">${words.receiptPage}</a></p>` : null
}
