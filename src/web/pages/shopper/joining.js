// The form of whoever wants to join: just this visit, or longer.
import { tokenOf } from './arrive.js'
import { Unreachable, WrongKey } from './desk.js'
import { busy, day, days, find, language, make, say } from './page.js'
import { readReceipt } from './receipt.js'
import { hold } from './shelf.js'

const tokenSigns = 13

export function showJoining({ desk, offer, token, onGiven }) {
  const form = find('joining')
  for (const { id, longestDays } of offer.purposes) {
    find(`purpose-${id}`).hidden = false
    fillEnds(find(`days-${id}`), longestDays)
  }
  find('joining-more').hidden = false
  if (token) showScanned()
  form.addEventListener('change', () => showEnds(offer))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    busy(find('join'), () => join({ desk, offer, token, onGiven }))
  })
}

function showScanned() {
  find('token-scanned').hidden = false
  find('token-typed').hidden = true
  find('token-other').addEventListener('click', typeToken)
}

function typeToken() {
  find('token-scanned').hidden = true
  find('token-typed').hidden = false
  find('token').focus()
}

/** The end dates to choose from, up to the longest of this purpose. */
export function fillEnds(select, longestDays) {
  const choices = [7, 30, 90, 180, 365].filter((count) => count < longestDays)
  for (const count of [...choices, longestDays]) {
    const date = day(Date.now() + count * 86_400_000, 'medium')
    select.append(
      make('option', { value: String(count), textContent: say('untilOption', { days: days(count), date }) }),
    )
  }
  // Thirty days, where that may be chosen: nobody ends up with the longest by not looking.
  select.value = String(Math.min(30, longestDays))
}

function showEnds({ purposes }) {
  const isLonger = find('length-longer').checked
  for (const { id } of purposes) find(`end-${id}`).hidden = !(isLonger && find(`purpose-${id}`).checked)
}

async function join({ desk, offer, token, onGiven }) {
  const question = questionOf(offer, find('token-typed').hidden ? token : null)
  if (question.wrong) return refuseTo(question)
  tell(say('sending'))
  try {
    const answer = await desk.ask(question.asked)
    if (answer.state !== 'given') return declined(answer)
    const mine = await mineOf(answer, await desk.askKey())
    hold(mine)
    onGiven({ ...mine, isNew: true })
  } catch (error) {
    tell(failure(error))
  }
}

/** What the shopper holds from now on. */
export async function mineOf({ receipt, code, kind, until }, askKey) {
  const { secret, handles } = await readReceipt(receipt)
  return { secret, handles, receipt, code, kind, until, askKey }
}

function questionOf({ purposes, ageLimit }, scanned) {
  const chosen = purposes.filter(({ id }) => find(`purpose-${id}`).checked)
  const token = tokenOf(scanned ?? find('token').value)
  const age = Number(find('age').value.trim() || Number.NaN)
  if (chosen.length === 0) return { wrong: 'needPurpose', at: `purpose-${purposes[0].id}` }
  if (token.length !== tokenSigns) return { wrong: 'needToken', at: 'token' }
  if (!Number.isInteger(age) || age < 1 || age > 149) return { wrong: 'needAge', at: 'age' }
  if (age < ageLimit) return { wrong: 'tooYoung', at: 'age', values: { age: ageLimit } }
  return { asked: { ...lengthOf(chosen), token, age, language } }
}

function lengthOf(chosen) {
  if (find('length-visit').checked) return { ask: 'check-in', purposes: chosen.map(({ id }) => id) }
  const choices = chosen.map(({ id }) => ({ purpose: id, days: Number(find(`days-${id}`).value) }))
  return { ask: 'join', choices }
}

function refuseTo({ wrong, at, values }) {
  if (at === 'token' && find('token-typed').hidden) typeToken()
  tell(say(wrong, values))
  find(at).focus()
}

function declined({ why }) {
  if (why === 'token') typeToken()
  tell(say(`declined-${why}`))
}

/** What went wrong, in the shopper's words. */
export function failure(error) {
  if (error instanceof WrongKey) return say('wrongKey')
  return say(error instanceof Unreachable ? 'unreachable' : 'broken')
}

function tell(text) {
  find('said').textContent = text
}
