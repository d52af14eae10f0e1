import { html, svg } from './svg.js'

// Small charts, one for each released number: a band where the truth is to be expected, and the truth.

const shown = 24
const [width, height] = [280, 100]
const [left, right, top, bottom] = [26, 2, 6, 18]

export function createCharts(box, { zones, timezone }) {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' })
  const charts = zones.flatMap((zone) => ['in', 'out'].map((way) => createChart(zone, way, clock)))
  box.replaceChildren(...charts.map(({ figure }) => figure))
  return {
    draw(ledger) {
      for (const { id } of zones) {
        const windows = ledger.windows(id, shown)
        const scale = scaleOf(windows)
        for (const chart of charts.filter(({ zone }) => zone === id)) chart.draw(windows, scale)
      }
    },
  }
}

function createChart({ id, name }, way, clock) {
  const latest = html('span', { class: 'latest' })
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' })
  const figure = html(
    'figure',
    { class: 'chart' },
    html('figcaption', {}, html('span', {}, `${name}, ${way}`), latest),
    picture,
  )

  function draw(windows, scale) {
    const last = windows.at(-1)?.release
    latest.textContent = last ? `${last[way] ?? 'missing'} ± ${last.noise95}` : ''
    picture.setAttribute(
      'aria-label',
      last
        ? `${name}, ${way}: the last released number is ${last[way] ?? 'missing'}, plus or minus ${last.noise95}. The table below has them all.`
        : `${name}, ${way}: nothing released yet`,
    )
    picture.replaceChildren(
      ...axes(scale),
      ...windows.flatMap((entry, index) => marks(entry, shown - windows.length + index)),
    )

    function marks({ release, walked }, slot) {
      const step = (width - left - right) / shown
      const x = left + step * slot
      // The newest marks stand at the right edge, where a word that begins there would be cut off.
      const place = slot > shown - 4 ? { x: width - right, 'text-anchor': 'end' } : { x: x + 1 }
      const label = isHour(release.window.start)
        ? [svg('text', { ...place, y: height - 4 }, clock.format(new Date(release.window.start)))]
        : []
      const number = release[way]
      if (number === null) return label
      const y = scale.y(number)
      const half = Math.abs(scale.y(0) - scale.y(release.noise95))
      return [
        ...label,
        svg('rect', { class: 'band', x: x + 1.5, y: y - half, width: step - 3, height: 2 * half, rx: 1 }),
        svg('path', { class: 'released', d: `M${x + 0.5} ${y}h${step - 1}` }),
        svg('circle', { class: 'truth', cx: x + step / 2, cy: scale.y(walked[way]), r: 2.9 }),
      ]
    }
  }

  return { zone: id, figure, draw }
}

function scaleOf(windows) {
  const highs = windows.flatMap(({ release, walked }) => [
    release.in + release.noise95,
    release.out + release.noise95,
    walked.in,
    walked.out,
  ])
  const lows = windows.flatMap(({ release }) => [release.in - release.noise95, release.out - release.noise95])
  const most = Math.max(20, ...highs)
  const unit = [5, 10, 20, 25, 50, 100, 200, 500, 1000].find((step) => most / step <= 3.2) ?? 2000
  const least = Math.min(0, ...lows)
  const y = (value) => top + ((most - value) / (most - least)) * (height - top - bottom)
  const lines = Array.from({ length: Math.floor(most / unit) + 1 }, (_, index) => index * unit)
  return { y, lines }
}

function axes({ y, lines }) {
  return lines.flatMap((value) => [
    svg('path', { class: 'axis', d: `M${left} ${y(value).toFixed(1)}H${width - right}` }),
    svg('text', { x: left - 5, y: y(value) + 4, 'text-anchor': 'end' }, `${value}`),
  ])
}

// Zones of half and quarter hours have their hour elsewhere; any regular mark does.
function isHour(start) {
  return start.slice(14, 16) === '00'
}
