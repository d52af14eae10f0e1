import { html } from './svg.js'

// Exact counts of the open window. When it ends they go into the wall and are gone.

const calm = matchMedia('(prefers-reduced-motion: reduce)')
const ways = ['in', 'out']

export function createOpenWindow({ zones, timezone }) {
  const title = document.getElementById('open-title')
  const bar = document.getElementById('window-passed')
  const wall = document.getElementById('wall')
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' })
  const cells = new Map(zones.map(({ id, name }) => [id, rowOf(name)]))
  let start

  function ended() {
    if (calm.matches) return
    wall.classList.remove('closing')
    requestAnimationFrame(() => wall.classList.add('closing'))
    for (const row of cells.values()) {
      for (const way of ways) {
        vanish(row[way], wall)
        row[way].animate([{ opacity: 0 }, { opacity: 0, offset: 0.6 }, { opacity: 1 }], { duration: 900 })
      }
    }
  }

  return {
    take({ now, window, open, opensAt }) {
      if (start !== undefined && window?.start !== start) ended()
      start = window?.start
      setText(
        title,
        window ? `The open window ${clock.format(window.start)} to ${clock.format(window.end)}` : closed(opensAt),
      )
      bar.value = window ? (now - window.start) / (window.end - window.start) : 0
      for (const [zone, row] of cells)
        for (const way of ways) setText(row[way], window ? `${open[zone]?.[way] ?? 0}` : '–')
    },
  }

  function closed(opensAt) {
    return opensAt ? `Closed until ${clock.format(opensAt)}: nothing is counted` : 'Closed: nothing is counted'
  }
}

function rowOf(name) {
  const row = { in: html('td', {}, '0'), out: html('td', {}, '0') }
  document.getElementById('open-counts').append(html('tr', {}, html('th', { scope: 'row' }, name), row.in, row.out))
  return row
}

/** A copy of the number drifts into the wall and dissolves. */
function vanish(cell, wall) {
  const from = cell.getBoundingClientRect()
  const to = wall.getBoundingClientRect()
  if (from.bottom < 0 || from.top > innerHeight) return
  const copy = html('p', { class: 'leaving', 'aria-hidden': 'true' }, cell.textContent)
  document.body.append(copy)
  const size = copy.getBoundingClientRect()
  copy.style.left = `${from.right - size.width}px`
  copy.style.top = `${from.top}px`
  const isBeside = to.left >= from.right
  const x = isBeside ? to.left + to.width / 2 - from.right : 0
  const y = isBeside ? 0 : to.top + to.height / 2 - from.top
  const drift = [
    { transform: 'none', opacity: 1, filter: 'none' },
    { transform: `translate(${x}px, ${y}px)`, opacity: 0, filter: 'blur(6px)' },
  ]
  copy.animate(drift, { duration: 900, easing: 'ease-in' }).onfinish = () => copy.remove()
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}
