/** HTML that is safe to send: made by the tag below only, which escapes whatever is put into it. */
export interface Html {
  readonly html: string
}

type Piece = string | number | Html | null | readonly Html[]

/** A template of HTML. Text is escaped, also for attributes in double quotes; null is nothing. */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const filled = texts.map((text, index) => text + (index < pieces.length ? markupOf(pieces[index]!) : ''))
  return { html: filled.join('') }
}

function markupOf(piece: Piece | undefined): string {
  if (piece === null || piece === undefined) return ''
  if (typeof piece === 'string' || typeof piece === 'number') return escapeText(String(piece))
  return 'html' in piece ? piece.html : piece.map((one) => one.html).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign]!)
}

/** A block of data for the page's script. It is no script: the content policy lets none run inside a page. */
export function dataBlock(id: string, value: object): Html {
  // No `<` may stand in it, or a text could end the block.
  const json = JSON.stringify(value).replaceAll('<', '\\u003c')
  return { html: `<script type="application/json" id="${id}">${json}</script>` }
}
