import type { Errors } from '../support/accuracy.ts'
import { element, picture, text, ticks } from './svg.ts'

/** Errors of one number of windows a day: by formula, and by the real code. */
export interface Compared {
  readonly windows: number
  readonly expected: Errors
  readonly measured: Errors
}

const names: Record<keyof Errors, string> = {
  window: 'a quarter of an hour',
  hour: 'an hour',
  day: 'a day',
  firstHour: 'inside, after an hour',
  middle: 'inside, half a day after opening',
}

const [width, left, right, top, rowHeight] = [860, 300, 60, 96, 27]

/** A dot where the code is, a line where the formula is, for each number and length of day. */
export function errorsPicture(all: readonly Compared[], days: number): string {
  const most = Math.max(...all.flatMap(({ expected, measured }) => Object.values({ ...expected, ...measured }))) * 1.04
  const steps = ticks(most, 7)
  const x = (value: number) => left + ((width - left - right) * value) / steps.at(-1)!
  const groups = Object.entries(names) as [keyof Errors, string][]
  const height = top + groups.length * (all.length * rowHeight + 14) + 44
  const floor = height - 40
  const grid = steps.flatMap((step) => [
    element('line', { class: 'grid', x1: x(step), x2: x(step), y1: top - 8, y2: floor }),
    text(x(step), floor + 18, String(step), { class: 'quiet small middle' }),
  ])
  const rows = groups.flatMap(([key, name], g) => {
    const first = top + g * (all.length * rowHeight + 14)
    const label = text(24, first + 18, name, { class: 'strong' })
    const marks = all.flatMap(({ windows, expected, measured }, i) => {
      const y = first + i * rowHeight + 13
      return [
        text(left - 14, y + 4, `${windows / 4} h`, { class: 'quiet small end' }),
        element('line', { class: 'band', x1: x(0), x2: x(measured[key]), y1: y, y2: y }),
        element('circle', { class: 'released', cx: x(measured[key]), cy: y, r: 6 }),
        element('line', { class: 'formula', x1: x(expected[key]), x2: x(expected[key]), y1: y - 10, y2: y + 10 }),
        text(x(Math.max(measured[key], expected[key])) + 14, y + 4, measured[key].toFixed(1), { class: 'small' }),
      ]
    })
    return [label, ...marks]
  })
  const head = [
    text(24, 36, 'How far a released number is from the truth', { class: 'title' }),
    text(
      24,
      60,
      `Root mean square error in people, one door; ${days.toLocaleString('en')} days each through the real code.`,
      {
        class: 'quiet',
      },
    ),
    element('circle', { class: 'released', cx: width - 190, cy: 31, r: 6 }),
    text(width - 178, 35, 'measured'),
    element('line', { class: 'formula', x1: width - 100, x2: width - 100, y1: 21, y2: 41 }),
    text(width - 90, 35, 'formula'),
  ]
  const told = all.map(({ windows, measured }) => `${windows} windows: day ${measured.day.toFixed(1)}`).join(', ')
  return picture(width, height, `Measured errors beside those of the formulas. ${told}.`, [...grid, ...rows, ...head])
}
