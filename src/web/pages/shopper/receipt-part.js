// The receipt itself: as a file, as text, as a picture, and on this phone if the shopper wants.
import { button, download, make, say } from './page.js'
import { isKept, keep, unkeep } from './shelf.js'

export function receiptPart({ receipt, code }) {
  const text = make(
    'details',
    {},
    make('summary', { textContent: say('asText') }),
    make('code', { className: 'receipt', id: 'receipt-text', textContent: receipt }),
  )
  return make(
    'div',
    { className: 'card receipt-card' },
    make('h3', { textContent: say('receipt') }),
    make('p', { textContent: say('receiptHint') }),
    make(
      'p',
      { className: 'buttons' },
      button(say('save'), () => download('drempel-receipt.json', receipt), { id: 'save' }),
    ),
    keeping(),
    text,
    code ? picturePart(code) : null,
  )
}

function picturePart(code) {
  const details = make('details', {}, make('summary', { id: 'as-picture', textContent: say('asPicture') }))
  details.addEventListener('toggle', () => drawPicture(details, code), { once: true })
  return details
}

// What draws it is a third of all that the page weighs, and few look at it.
async function drawPicture(details, code) {
  const { qrPicture } = await import('./qr.js')
  details.append(qrPicture(code, say('pictureName')))
}

function keeping() {
  const line = make('p', { className: 'buttons', role: 'status' })
  const showAfter = (act) => () => {
    act()
    show()
  }
  function show() {
    const forget = button(say('forget'), showAfter(unkeep), { id: 'forget' })
    const keepIt = button(say('keep'), showAfter(keep), { id: 'keep' })
    line.replaceChildren(...(isKept() ? [make('span', { textContent: say('kept') }), forget] : [keepIt]))
  }
  show()
  return line
}
