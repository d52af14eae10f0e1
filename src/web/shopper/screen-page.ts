import { languages } from '../languages/languages.ts'
import { pageOf } from './frame.ts'
import { type Html, html } from './html.ts'
import type { Shown } from './parts.ts'
import { qrPicture } from './picture.ts'

/** What the shop's own screen shows. */
export interface ScreenView {
  readonly shown: Shown | null
  /** Where the QR code leads, and by which key the page proves there that it speaks for this box. */
  readonly link: { readonly pageUrl: string; readonly askKeyId: string } | null
  /** The shop's, two letters each. */
  readonly offered: readonly string[]
}

/** The token for people in the shop, and what it is for, in all languages of the shop. */
export function screenPage({ shown, link, offered }: ScreenView): string {
  const first = languages[offered[0]!]!
  const seconds = Math.max(1, Math.ceil(shown?.seconds ?? 10))
  return pageOf({
    language: offered[0]!,
    title: first.screenTitle,
    script: 'screen.js',
    // The script waits until the box answers before it goes on; a browser without one simply loads the page again.
    head: html`<link rel="stylesheet" href="screen.css" /><noscript><meta http-equiv="refresh" content="${seconds}" /></noscript>`,
    header: html`<h1>${first.screenTitle}</h1>`,
    main: html`<div id="code" data-seconds="${seconds}">${shown ? codePart(shown, link, first.screenPicture) : noCode(offered)}</div>
      <p id="lost" role="status" hidden>${first.screenLost}</p>
      ${shown ? html`<div>${offered.map(meaning)}</div>` : null}`,
    footer: html``,
  })
}

function codePart({ shown, seconds }: Shown, link: ScreenView['link'], name: string): Html {
  const groups = groupsOf(shown).map((group) => html`<span>${group}</span> `)
  // The fragment stays in the browser: no server is sent it, no log keeps it.
  const picture = link && qrPicture(`${link.pageUrl}#t=${shown}&k=${link.askKeyId}`, name)
  return html`${picture}<p id="token" class="token">${groups}</p><progress id="left" max="${Math.ceil(seconds)}" value="${Math.ceil(seconds)}" aria-label="${name}"></progress>`
}

/** 13 signs in groups that can be read out. */
function groupsOf(token: string): string[] {
  return [token.slice(0, 4), token.slice(4, 8), token.slice(8)]
}

function meaning(code: string): Html {
  const { screenScan, screenMeans } = languages[code]!
  return html`<p class="meaning" lang="${code}"><strong>${screenScan}</strong> ${screenMeans}</p>`
}

function noCode(offered: readonly string[]): Html {
  return html`${offered.map((code) => html`<p class="meaning" lang="${code}">${languages[code]!.screenNone}</p>`)}`
}
