import { languageLinks, pageOf } from './frame.ts'
import { dataBlock, html } from './html.ts'
import type { LeaveOutcome } from './parts.ts'
import type { View } from './view.ts'

/** Where somebody with a receipt stops everything: works without JavaScript, and while the box is off. */
export function leavePage({ words, language, offered, maySend }: View, outcome?: LeaveOutcome): string {
  const said =
    outcome &&
    html`<p id="outcome" class="${isDone(outcome) ? 'done' : 'note'}" role="status">${words[`leave-${outcome}`]}</p>`
  const form = html`<form id="leaving" method="post" action="leave">
    <input type="hidden" name="language" value="${language}" />
    <p class="field"><label for="receipt">${words.receiptLabel}</label>
      <textarea id="receipt" name="receipt" rows="4" autocomplete="off" autocapitalize="off" spellcheck="false" required></textarea></p>
    <p class="field" id="file-field" hidden><label for="file">${words.receiptFile}</label>
      <input type="file" id="file" accept=".json,.txt,application/json,text/plain" /></p>
    <p class="buttons"><button type="submit" id="leave" class="main">${words.leave}</button>
      <button type="button" id="open" hidden>${words.see}</button></p>
    <p id="said" role="status"></p>
    <p class="hint" id="no-script">${words.receiptPlain}</p>
  </form>
  <section id="mine" aria-labelledby="mine-title" hidden><h2 id="mine-title" tabindex="-1">${words.mine}</h2></section>`
  return pageOf({
    language,
    title: words.receiptPage,
    script: 'receipt-page.js',
    header: html`${languageLinks(words, language, offered)}<h1>${words.receiptPage}</h1>`,
    main: html`${said ?? null}${maySend ? html`<p id="intro">${words.receiptPageText}</p>${form}` : html`<p class="note">${words.insecure}</p>`}`,
    footer: html`<p><a class="button" href="./?language=${language}">${words.backToStart}</a></p><p>${words.footer}</p>${dataBlock('words', words)}`,
  })
}

function isDone(outcome: LeaveOutcome): boolean {
  return outcome === 'left' || outcome === 'erased' || outcome === 'kept'
}
