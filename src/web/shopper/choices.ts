import type { Words } from '../languages/en.ts'
import { fill } from '../languages/languages.ts'
import { dataBlock, type Html, html } from './html.ts'
import { spokenLength } from './lengths.ts'
import type { Offer, OfferedPurpose } from './parts.ts'
import type { View } from './view.ts'

/** What a shopper may choose, all of it off; or, to somebody who said no, one quiet line. */
export function choicesPart(offer: Offer, view: View): Html {
  const { words, language } = view
  if (offer.purposes.length === 0) return html`<p class="quiet">${words.nothingOffered}</p>`
  const isQuiet = view.hasRefused && !view.wantsChoices
  const quiet = html`<p id="quiet" class="quiet"${isQuiet ? null : html` hidden`}>${words.refused}
    <a href="?language=${language}&choices=1">${words.changedMind}</a></p>`
  if (isQuiet) return quiet
  return html`${quiet}<section id="choices" aria-labelledby="choices-title">
    <h2 id="choices-title">${words.choices}</h2>
    ${offer.isOpen ? html`<p>${words.choicesHint} ${words.leavingText}</p>` : html`<p>${words.closed}</p>`}
    ${joining(offer, view)}
    <form id="refusal" method="post" action="refuse">
      <input type="hidden" name="language" value="${language}" />
      <button type="submit" id="refuse" aria-describedby="refuse-hint">${words.refuse}</button>
      <p id="refuse-hint" class="hint">${words.refuseHint}</p>
    </form>
  </section>`
}

// The page's own script takes the note away: so it stays for a browser that has none, and for one too old for ours.
// A browser without JavaScript, or without a safe connection, sees the same choices, and why they cannot be taken here.
function joining(offer: Offer, { words, language, maySend }: View): Html {
  const cards = offer.purposes.map((purpose) => purposeCard(purpose, words, language, maySend))
  if (!maySend) return html`${cards}<p class="note" id="insecure">${words.insecure}</p>`
  return html`<form id="joining" novalidate>
    ${cards}
    <div id="joining-more" hidden>${offer.isOpen ? questions(offer, words) : null}</div>
    <p id="said" role="status"></p>
  </form>
  <p class="note" id="no-script">${words.noScript}</p>
  ${dataBlock('offer', offer)}`
}

function purposeCard(purpose: OfferedPurpose, words: Words, language: string, maySend: boolean): Html {
  const { id, text, benefit, recipient, perVisit, perDay, quiet } = purpose
  const [from = '', to = ''] = quiet.split('-')
  const rows = [
    [words.benefit, benefit],
    [words.recipient, recipient],
    [words.retention, spokenLength(purpose.retention, language)],
    [words.often, fill(words.oftenText, { visit: perVisit, day: perDay, from, to })],
  ]
  const choice = html`<input type="checkbox" value="${id}" id="purpose-${id}" hidden /><label for="purpose-${id}">${text}</label>`
  return html`<div class="card">
    <p class="what">${maySend ? choice : text}</p>
    <dl>${rows.map(([name, value]) => html`<div><dt>${name!}</dt><dd>${value!}</dd></div>`)}</dl>
  </div>`
}

function questions({ ageLimit, purposes }: Offer, words: Words): Html {
  return html`<fieldset>
      <legend>${words.howLong}</legend>
      <p class="option"><input type="radio" name="length" value="visit" id="length-visit" checked aria-describedby="visit-hint" />
        <label for="length-visit">${words.visit}</label></p>
      <p class="hint" id="visit-hint">${words.visitHint}</p>
      <p class="option"><input type="radio" name="length" value="longer" id="length-longer" aria-describedby="longer-hint" />
        <label for="length-longer">${words.longer}</label></p>
      <p class="hint" id="longer-hint">${words.longerHint}</p>
      ${purposes.map((purpose) => endOf(purpose, words))}
    </fieldset>
    <p class="field" id="token-scanned" hidden>${words.tokenScanned} <button type="button" id="token-other" class="small">${words.tokenOther}</button></p>
    <p class="field" id="token-typed"><label for="token">${words.token}</label>
      <input id="token" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="40" aria-describedby="token-hint" />
      <span class="hint" id="token-hint">${words.tokenHint}</span></p>
    <p class="field"><label for="age">${words.age}</label>
      <input id="age" inputmode="numeric" autocomplete="off" maxlength="3" aria-describedby="age-hint" />
      <span class="hint" id="age-hint">${fill(words.ageHint, { age: ageLimit })}</span></p>
    <button type="submit" id="join" class="main">${words.join}</button>`
}

/** Shown for what was chosen, once somebody wants it for longer. */
function endOf({ id, text }: OfferedPurpose, words: Words): Html {
  return html`<p class="end" id="end-${id}" hidden><label for="days-${id}">${text} ${words.until}</label><select id="days-${id}"></select></p>`
}
