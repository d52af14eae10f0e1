import { html } from './svg.js'

// The messages as they were sent, to the byte, and the same numbers as a table.

const earlierShown = 20

export function createMessages({ timezone }) {
  const byId = (id) => document.getElementById(id)
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' })
  const lengths = new Map()
  let newest
  let isFresh = false
  byId('earlier').replaceChildren()
  byId('rows').replaceChildren()

  function note({ topic, text }, entry) {
    const bytes = new TextEncoder().encode(text).length
    lengths.set(topic, [...(lengths.get(topic) ?? []), bytes].slice(-500))
    if (newest) prepend(byId('earlier'), earlier(newest), earlierShown)
    newest = { topic, text, entry, bytes, label: labelOf(entry) }
    // The table sets people who walked beside people who were counted; other kinds are neither.
    if ('in' in entry.release) prepend(byId('rows'), rowOf(entry, newest.label), 200)
    isFresh = true
  }

  function draw() {
    if (!newest) return
    const { topic, text, bytes } = newest
    byId('newest').hidden = false
    byId('newest-topic').textContent = topic
    const box = byId('newest-text')
    box.replaceChildren(...asSent(text))
    if (isFresh) {
      box.classList.remove('fresh')
      requestAnimationFrame(() => box.classList.add('fresh'))
    }
    isFresh = false
    byId('newest-size').textContent = sizeOf(bytes, text, lengths.get(topic))
  }

  function labelOf({ kind, release }) {
    const start = new Date(release.window.start)
    if (kind === 'day' || kind === 'dwell' || kind === 'visitors') return `day ${release.id.slice(-10)}`
    return `${clock.format(start)} to ${clock.format(new Date(start.getTime() + release.window.seconds * 1000))}`
  }

  return { note, draw }
}

function sizeOf(bytes, text, lengths) {
  const padding = text.length - text.trimEnd().length
  const same = lengths.every((length) => length === bytes)
  const others = lengths.length - 1
  const as = others > 0 ? `, as ${others === 1 ? 'the one' : `all ${others}`} of this series before it` : ''
  return `${bytes} bytes${same ? as : ''}; ${padding} of them are padding, so that the size tells nothing.`
}

/** The very text, with the numbers and the padding marked. */
function asSent(text) {
  const body = text.trimEnd()
  const numbers =
    /"in":(-?\d+|null),"out":(-?\d+|null)|"(?:devices|inside|visitors)":(-?\d+|null)|"stays":(\[[-\d,]+\]|null)/.exec(
      body,
    )
  const padding = html('span', { class: 'padding' }, text.slice(body.length))
  if (!numbers) return [body, padding]
  const end = numbers.index + numbers[0].length
  return [body.slice(0, numbers.index), html('b', {}, numbers[0]), body.slice(end), padding]
}

function earlier({ topic, text, entry, label }) {
  const { release, zoneName } = entry
  const summary = html('summary', {}, `${label}  ${zoneName}: ${numbersOf(entry)} (seq ${release.seq})`)
  return html('details', {}, summary, html('p', {}, html('code', {}, topic)), html('pre', {}, ...asSent(text)))
}

function numbersOf({ kind, release }) {
  if (kind === 'phones') return `phones ${release.devices ?? 'missing'}`
  if (kind === 'occupancy') return `inside ${release.inside ?? 'missing'}`
  if (kind === 'visitors') return `visitors ${release.visitors ?? 'missing'}`
  if (kind === 'dwell') return `stays ${release.stays?.join(' ') ?? 'missing'}`
  return `in ${release.in ?? 'missing'}, out ${release.out ?? 'missing'}`
}

function rowOf({ zoneName, release, counted, walked }, label) {
  const cells = ['in', 'out'].flatMap((way) => [
    html('td', { class: 'released' }, `${release[way] ?? 'missing'}`),
    html('td', {}, `${counted[way]}`),
    html('td', { class: 'true' }, `${walked[way]}`),
  ])
  const head = html('th', { scope: 'row' }, label)
  return html('tr', {}, head, html('th', { scope: 'row' }, zoneName), ...cells, html('td', {}, `± ${release.noise95}`))
}

function prepend(list, element, most) {
  list.prepend(element)
  while (list.children.length > most) list.lastElementChild.remove()
}
