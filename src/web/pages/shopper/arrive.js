// Somebody who joined for longer and has no tag says that they are here, with the code on the screen.
import { button, find, make, say } from './page.js'

/** @param send takes the token, scanned or typed */
export function arrivePart(token, send) {
  if (token)
    return make(
      'p',
      { className: 'buttons' },
      button(say('arrive'), () => send(token), { id: 'arrive' }),
    )
  const typed = make('input', { id: 'arrive-token', autocomplete: 'off', autocapitalize: 'characters', maxLength: 40 })
  const field = make('p', { className: 'field' }, make('label', { for: typed.id, textContent: say('token') }), typed)
  const go = button(say('arrive'), () => send(tokenOf(find('arrive-token').value)), { id: 'arrive' })
  const part = make('details', {}, make('summary', { id: 'arrive-open', textContent: say('arrive') }), field)
  part.append(make('p', { className: 'buttons' }, go))
  return part
}

/** A token as somebody typed it: dashes and spaces do not matter. */
export function tokenOf(typed) {
  return typed.replace(/[\s-]/g, '')
}
