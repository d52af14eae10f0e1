/** A picture that is readable on light and dark pages: colours are classes, the browser picks them. */

/** Attributes by name, in the order in which they are written. */
type Attributes = Readonly<Record<string, string | number>>

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${shown(value)}"`)
  return content ? `<${name}${written.join('')}>${content}</${name}>` : `<${name}${written.join('')}/>`
}

function shown(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
}

export function text(x: number, y: number, words: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, words)
}

const light = {
  card: '#fcfbf8',
  ink: '#23262b',
  quiet: '#6c727b',
  grid: '#e4e1da',
  truth: '#c9c3b4',
  released: '#0f6b66',
}
const dark = {
  card: '#14171c',
  ink: '#e9e7e2',
  quiet: '#9aa1ab',
  grid: '#2b3038',
  truth: '#545c67',
  released: '#5fd3c8',
}

function rules(colours: typeof light): string {
  const { card, ink, quiet, grid, truth, released } = colours
  return [
    `.card{fill:${card}}text{fill:${ink}}.quiet{fill:${quiet}}.grid{stroke:${grid}}.truth{fill:${truth}}`,
    `.released{fill:${released}}.band{stroke:${released}}.formula{stroke:${ink}}`,
  ].join('')
}

const shapes = [
  'text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}.title{font-size:17px;font-weight:600}',
  '.strong{font-weight:600}.small{font-size:12px}.end{text-anchor:end}.middle{text-anchor:middle}',
  '.grid{stroke-width:1}.band{stroke-width:1.6;stroke-opacity:.45;stroke-linecap:round}.formula{stroke-width:2}',
].join('')

/** A whole picture on a card, `description` for who cannot see it. */
export function picture(width: number, height: number, description: string, parts: readonly string[]): string {
  const style = `<style>${shapes}${rules(light)}@media (prefers-color-scheme:dark){${rules(dark)}}</style>`
  const card = element('rect', { class: 'card', x: 0, y: 0, width, height, rx: 12 })
  const size = { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' }
  const head = { xmlns: 'http://www.w3.org/2000/svg', ...size, 'aria-label': description }
  return `${element('svg', head, [style, card, ...parts].join('\n'))}\n`
}

/** Round steps of an axis from 0 to at least `most`, about `count` of them. */
export function ticks(most: number, count: number): number[] {
  const rough = most / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step)
}
