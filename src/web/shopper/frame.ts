import type { Words } from '../languages/en.ts'
import { languages } from '../languages/languages.ts'
import { type Html, html } from './html.ts'

/** What stands round every page. */
export interface Frame {
  readonly language: string
  readonly title: string
  readonly head?: Html
  readonly header: Html
  readonly main: Html
  readonly footer: Html
  /** File of the script. */
  readonly script: string
}

/** A whole page. All links are relative, so that it works under any prefix. */
export function pageOf({ language, title, head = html``, header, main, footer, script }: Frame): string {
  return html`<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    <link rel="icon" href="mark.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="shopper.css" />
    <script type="module" src="${script}"></script>
    ${head}
  </head>
  <body>
    <header>${header}</header>
    <main>${main}</main>
    <footer>${footer}</footer>
  </body>
</html>
`.html
}

/** The same page in the other languages. `query` goes on behind the language. */
export function languageLinks(words: Words, current: string, offered: readonly string[], query = ''): Html {
  const links = offered.map((code) => {
    const name = languages[code]!.language
    const here = code === current ? html` aria-current="true"` : null
    return html`<a href="?language=${code}${query}" lang="${code}" hreflang="${code}"${here}>${name}</a>`
  })
  return html`<nav aria-label="${words.otherLanguages}">${links}</nav>`
}
