// Draws a QR code in the browser: what it says goes nowhere.
import { encode } from './uqr.js'

const space = 'http://www.w3.org/2000/svg'

export function qrPicture(text, name) {
  const { data, size } = encode(text, { ecc: 'L', border: 4 })
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  const picture = shape('svg', {
    viewBox: `0 0 ${size} ${size}`,
    role: 'img',
    'aria-label': name,
    class: 'qr',
    'shape-rendering': 'crispEdges',
  })
  picture.append(
    shape('rect', { width: size, height: size, fill: '#fff' }),
    shape('path', { d: dark.join(''), fill: '#000' }),
  )
  return picture
}

function shape(kind, attributes) {
  const element = document.createElementNS(space, kind)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}
