import { svg } from './svg.js'

/** What a visit pays, as the odds of somebody who guesses whether you came: from 50, a coin, to 100, certainty. */
export function drawVisit({ guess, guessIn100, epsilon }) {
  document.getElementById('guess').textContent =
    `${guess} Without any number it is 50. One visit pays ${epsilon.toFixed(1)} (epsilon) in all, whatever is done with the numbers later.`
  const [left, right, y] = [10, 310, 14]
  const x = left + ((guessIn100 - 50) / 50) * (right - left)
  const picture = document.getElementById('odds')
  picture.setAttribute('aria-label', `Right guesses in 100: ${guessIn100}, between 50 for a coin and 100 for certainty`)
  picture.replaceChildren(
    svg('path', { class: 'rail', d: `M${left} ${y}H${right}` }),
    svg('path', { class: 'part', d: `M${left} ${y}H${x}` }),
    svg('circle', { class: 'dot', cx: x, cy: y, r: 6 }),
    svg('text', { x: left - 6, y: 38 }, '50, a coin'),
    svg('text', { class: 'is', x, y: 38, 'text-anchor': 'middle' }, `${guessIn100}, at most`),
    svg('text', { x: right + 6, y: 38, 'text-anchor': 'end' }, '100, certain'),
  )
}
