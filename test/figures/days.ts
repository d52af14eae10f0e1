import { type ReleasedDay, type TrueWindow, total } from '../support/accuracy.ts'
import { element, picture, text, ticks } from './svg.ts'

/** A day as it was and as it left. */
export interface ShownDay {
  readonly name: string
  readonly truth: readonly TrueWindow[]
  readonly released: ReleasedDay
}

const [width, left, right, top, panel, gap] = [860, 64, 32, 104, 176, 70]

/** Three shops under each other: bars are the truth, dots what head office received, whiskers the band it was told. */
export function daysPicture(days: readonly ShownDay[], opensAt: number): string {
  const height = top + days.length * (panel + gap) - 8
  const head = [
    text(24, 36, 'People who came in, true and released', { class: 'title' }),
    text(24, 60, 'Each quarter of an hour of one day, through the real code. The noise is the same in every shop.', {
      class: 'quiet',
    }),
    element('rect', { class: 'truth', x: width - 300, y: 24, width: 12, height: 14 }),
    text(width - 282, 36, 'true'),
    element('line', { class: 'band', x1: width - 232, x2: width - 232, y1: 20, y2: 42 }),
    element('circle', { class: 'released', cx: width - 232, cy: 31, r: 3.4 }),
    text(width - 220, 36, 'released, with its 95 % band'),
  ]
  const panels = days.flatMap((day, i) => panelOf(day, top + i * (panel + gap), opensAt))
  const told = days.map(
    ({ name, truth, released }) => `${name}: ${total(truth, 'in')} came, ${released.day.in} released`,
  )
  return picture(width, height, `A day of three shops. ${told.join('; ')}.`, [...head, ...panels])
}

function panelOf({ name, truth, released }: ShownDay, y0: number, opensAt: number): string[] {
  const numbers = released.windows.map((window) => ({ value: window.in!, band: window.noise95 }))
  const highest = Math.max(...truth.map((one) => one.in), ...numbers.map(({ value, band }) => value + band))
  const lowest = Math.min(0, ...numbers.map(({ value, band }) => value - band))
  const y = (value: number) => y0 + 20 + ((panel - 20) * (highest - value)) / (highest - lowest)
  const wide = (width - left - right) / truth.length
  const x = (i: number) => left + (i + 0.5) * wide
  const [, step = 1] = ticks(highest, 4)
  const lines = Array.from({ length: Math.floor(highest / step) - Math.ceil(lowest / step) + 1 }, (_, i) => {
    return (Math.ceil(lowest / step) + i) * step
  })
  const grid = lines.flatMap((line) => [
    element('line', { class: 'grid', x1: left, x2: width - right, y1: y(line), y2: y(line) }),
    text(left - 8, y(line) + 4, String(line), { class: 'quiet small end' }),
  ])
  const hours = Array.from({ length: truth.length / 8 + 1 }, (_, i) =>
    text(left + 8 * i * wide, y(lowest) + 20, `${opensAt + 2 * i}:00`, { class: 'quiet small middle' }),
  )
  const bars = truth.map((one, i) =>
    element('rect', {
      class: 'truth',
      x: x(i) - wide * 0.42,
      y: y(one.in),
      width: wide * 0.84,
      height: Math.max(y(0) - y(one.in), 0.1),
    }),
  )
  const dots = numbers.flatMap(({ value, band }, i) => [
    element('line', { class: 'band', x1: x(i), x2: x(i), y1: y(value - band), y2: y(value + band) }),
    element('circle', { class: 'released', cx: x(i), cy: y(value), r: 3.4 }),
  ])
  const { day } = released
  const sum = `true day ${total(truth, 'in').toLocaleString('en')}, released ${day.in!.toLocaleString('en')} ± ${day.noise95}`
  const title = [text(left, y0 + 2, name, { class: 'strong' }), text(width - right, y0 + 2, sum, { class: 'end' })]
  return [...title, ...grid, ...bars, ...dots, ...hours]
}
