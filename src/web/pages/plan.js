import { svg } from './svg.js'

// The shop from above; one unit is 10 cm. Doors in the order of premises.doors; `out` points into the street.
const places = [
  { x: 46, y: 74, out: [0, 1], says: [33, 70, 'end'] },
  { x: 70, y: 74, out: [0, 1], says: [83, 70, 'start'] },
  { x: 142, y: 36, out: [1, 0], says: [117, 34, 'end'] },
]
const sensorNames = { 'beam-pair': 'beams', 'json-lines': 'counter', ld2450: 'radar' }
const mostFigures = 96
const litFor = 180

const calm = matchMedia('(prefers-reduced-motion: reduce)')

export function createPlan(plan, { doors, zones }) {
  const sensors = new Map()
  const crowd = svg('g')
  const idle = []
  let walking = []
  let isPaused = false
  let isDrawing = false

  plan.append(...building(), ...names(doors, zones))
  for (const [index, door] of doors.entries()) {
    const place = places[index]
    const drawing = sensorOf(door.kind, place)
    const [x, y, anchor] = place.says
    plan.append(drawing, svg('text', { x, y, 'text-anchor': anchor }, sensorNames[door.kind] ?? door.kind))
    sensors.set(door.sensor, { place, drawing })
  }
  plan.append(crowd)

  function add(walk, now) {
    const sensor = sensors.get(walk.sensor)
    if (!sensor || walking.length >= mostFigures) return
    const figure = idle.pop() ?? crowd.appendChild(figureOf())
    walking.push({ ...walk, figure, place: sensor.place, begins: now + walk.startsIn })
  }

  function light(id) {
    const sensor = sensors.get(id)
    if (!sensor) return
    sensor.drawing.classList.add('lit')
    clearTimeout(sensor.timer)
    sensor.timer = setTimeout(() => sensor.drawing.classList.remove('lit'), litFor)
  }

  function draw(now) {
    for (const walk of walking) move(walk, (now - walk.begins) / walk.lasts)
    const gone = walking.filter((walk) => now >= walk.begins + walk.lasts)
    walking = walking.filter((walk) => now < walk.begins + walk.lasts)
    idle.push(...gone.map(({ figure }) => figure))
    isDrawing = walking.length > 0 && !isPaused
    if (isDrawing) requestAnimationFrame(draw)
  }

  return {
    take({ walks, counted }) {
      if (calm.matches) return
      const now = performance.now()
      for (const walk of walks) add(walk, now)
      for (const id of counted) light(id)
      if (isDrawing || walking.length === 0) return
      isDrawing = true
      requestAnimationFrame(draw)
    },
    /** A paused picture stands still; who walked meanwhile has gone when it goes on. */
    pause(paused) {
      isPaused = paused
      if (!paused) requestAnimationFrame(draw)
    },
  }
}

function move({ figure, place, points }, share) {
  const isThere = share > 0 && share < 1
  figure.setAttribute('visibility', isThere ? 'visible' : 'hidden')
  if (!isThere) return
  const at = share * (points.length - 1)
  const index = Math.min(Math.floor(at), points.length - 2)
  const [from, to] = [spot(place, points[index]), spot(place, points[index + 1])]
  const [x, y] = [0, 1].map((axis) => from[axis] + (at - index) * (to[axis] - from[axis]))
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  if (dx !== 0 || dy !== 0) figure.turn = (Math.atan2(dy, dx) * 180) / Math.PI + 90
  figure.setAttribute(
    'transform',
    `translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${(figure.turn ?? 0).toFixed(0)})`,
  )
  figure.setAttribute('opacity', Math.min(1, share * 7, (1 - share) * 7).toFixed(2))
}

/** Turns cm at a door into the plan's units. */
function spot({ x, y, out }, [along, outside]) {
  const [ox, oy] = out
  return [x + (-oy * along + ox * outside) / 10, y + (ox * along + oy * outside) / 10]
}

/** Shoulders and a head, from above: all alike. */
function figureOf() {
  const shoulders = svg('ellipse', { rx: 2.7, ry: 1.4 })
  return svg('g', { class: 'figure', visibility: 'hidden' }, shoulders, svg('circle', { r: 1.25, cy: -0.2 }))
}

function sensorOf(kind, { x, y }) {
  const group = svg('g', { class: 'sensor' })
  if (kind === 'beam-pair') {
    for (const line of [y - 0.9, y + 0.9]) group.append(svg('path', { d: `M${x - 10} ${line}h20` }))
    for (const side of [x - 11.4, x + 10])
      group.append(svg('rect', { class: 'body', x: side, y: y - 2, width: 1.4, height: 4 }))
  } else if (kind === 'ld2450') {
    const [left, reach] = [x - 20, 40]
    const edge = reach * Math.sin(Math.PI / 3)
    const sector = `M${left} ${y}L${left + reach / 2} ${y - edge}A${reach} ${reach} 0 0 1 ${left + reach / 2} ${y + edge}Z`
    group.append(
      svg('path', { class: 'field', d: sector }),
      svg('path', { d: `M${x} ${y - 12}v24`, 'stroke-dasharray': '2 1.4' }),
    )
    group.append(svg('rect', { class: 'body', x: left - 2, y: y - 2, width: 2, height: 4 }))
  } else {
    group.append(svg('rect', { class: 'field', x: x - 10, y: y - 6, width: 20, height: 12 }))
    group.append(svg('path', { d: `M${x - 10} ${y}h20`, 'stroke-dasharray': '0.6 1.6' }))
    group.append(svg('rect', { class: 'body', x: x - 1.6, y: y - 7.6, width: 3.2, height: 1.8, rx: 0.5 }))
  }
  return group
}

function building() {
  const rect = (kind, [x, y, width, height]) => svg('rect', { class: kind, x, y, width, height })
  const shelves = [
    [7, 8, 4, 50],
    [18, 10, 34, 5],
    [18, 24, 34, 5],
    [62, 10, 34, 5],
    [62, 24, 34, 5],
    [96, 54, 16, 6],
  ]
  const bricks = [
    [2, 2, 142, 2],
    [2, 2, 2, 73],
    [2, 73, 34, 2],
    [56, 73, 4, 2],
    [80, 73, 64, 2],
    [142, 2, 2, 22],
    [142, 48, 2, 27],
  ]
  return [
    rect('floor', [3, 3, 140, 71]),
    ...shelves.map((one) => rect('shelf', one)),
    ...bricks.map((one) => rect('brick', one)),
  ]
}

function names(doors, zones) {
  const nameOf = (index) => zones.find(({ id }) => id === doors[index]?.zone)?.name ?? ''
  return [svg('text', { x: 84, y: 84 }, nameOf(0)), svg('text', { x: 175, y: 80, 'text-anchor': 'end' }, nameOf(2))]
}
