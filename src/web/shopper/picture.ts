import { encode } from 'uqr'
import { type Html, html } from './html.ts'

/** A QR code as an inline picture. Dark on light whatever the colours of the page, since that is what cameras read. */
export function qrPicture(text: string, name: string): Html {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return html`<svg class="qr" role="img" aria-label="${name}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"
    ><rect width="${size}" height="${size}" fill="#fff" /><path d="${path}" fill="#000" /></svg>`
}
