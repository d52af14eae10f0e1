// What somebody has who joined: the receipt, and all that can be done with it.
import { arrivePart } from './arrive.js'
import { failure, fillEnds, mineOf } from './joining.js'
import { button, day, download, find, language, make, say, time } from './page.js'
import { receiptPart } from './receipt-part.js'
import { drop, hold } from './shelf.js'
import { tagPart } from './tag.js'

/**
 * Shows it in the page's #mine. `isNew` says that it was given just now; `token` came with a QR code; `seen` is the box's
 * answer to somebody who asked for their data already.
 */
export function showMine({ desk, mine, token, isNew, seen }) {
  const section = find('mine')
  const part = { desk, mine, said: make('p', { id: 'mine-said', role: 'status' }), seen: make('div') }
  part.receipt = make('div')
  part.end = make('p', { id: 'mine-end' })
  const arriving = mine.kind === 'record' && !isNew ? [arrivePart(token, (typed) => arrive(part, typed))] : []
  section.replaceChildren(titleOf(isNew), part.end, part.said, actions(part), ...arriving, part.seen, part.receipt)
  refresh(part)
  section.hidden = false
  find('mine-title').focus()
  if (seen) showSeen(part, seen)
}

function titleOf(isNew) {
  return make('h2', { id: 'mine-title', tabIndex: -1, textContent: say(isNew ? 'joined' : 'mine') })
}

function endOf({ kind, until }) {
  if (!until) return ''
  return kind === 'visit' ? say('joinedVisit', { time: time(until) }) : say('joinedUntil', { date: day(until) })
}

/** Draws anew what a change of the receipt changes. */
function refresh(part) {
  part.end.textContent = endOf(part.mine)
  part.end.hidden = !part.end.textContent
  part.receipt.replaceChildren(...(part.mine.receipt ? [receiptPart(part.mine)] : []))
}

function actions(part) {
  return make(
    'p',
    { className: 'buttons' },
    button(say('leave'), () => leave(part), { id: 'leave-now', className: 'main' }),
    button(say('see'), () => see(part), { id: 'see' }),
  )
}

/** Asks, and tells in words when there is no answer or a no. */
async function ask(part, question) {
  part.said.textContent = say('sending')
  try {
    const answer = await part.desk.ask(question)
    part.said.textContent = answer.state === 'declined' ? say(`declined-${answer.why}`) : ''
    return answer
  } catch (error) {
    part.said.textContent = failure(error)
    return { state: 'declined' }
  }
}

async function arrive(part, token) {
  const { state } = await ask(part, { ask: 'arrive', token, secret: part.mine.secret })
  if (state === 'done') part.said.textContent = say('arrived')
}

async function see(part) {
  const seen = await ask(part, { ask: 'see', secret: part.mine.secret })
  if (seen.state === 'seen') return seen.purposes.some(isOpen) ? showSeen(part, seen) : showLeft(part, seen)
  // Nothing is left of it at the box, so this browser need not hold it either.
  if (seen.why === 'unknown' || seen.why === 'ended') drop()
}

const open = ['given', 'changed', 'restricted', 'notice-outdated']

function isOpen({ state }) {
  return open.includes(state)
}

async function showSeen(part, seen) {
  const { purposes = [] } = (await part.desk.offer().catch(() => null)) ?? {}
  const rows = seen.purposes.map((one) =>
    purposeRow(
      part,
      seen,
      one,
      purposes.find(({ id }) => id === one.purpose),
    ),
  )
  const since = make('p', { textContent: say('since', { date: day(seen.since) }) })
  part.seen.replaceChildren(since, ...rows, ...wholeOf(part, seen))
  if (seen.kind === 'record') takeEnd(part, seen.purposes)
}

// ISO times sort as texts do. Without a purpose that is on there is no end to tell.
function takeEnd(part, purposes) {
  const ends = purposes.map(({ until }) => until).filter(Boolean)
  part.mine = { ...part.mine, until: ends.toSorted().at(-1) ?? null }
  hold(part.mine)
  part.end.textContent = endOf(part.mine)
  part.end.hidden = !part.end.textContent
}

function purposeRow(part, { kind, isPaused }, { purpose, state, until }, offered) {
  const what = offered?.text ?? purpose
  const standing = make('p', {
    className: 'standing',
    textContent: say(`state-${state}`, { date: until ? day(until) : '' }),
  })
  const isOn = state === 'given' || state === 'changed'
  const may = kind === 'record' && isOn && !isPaused && offered
  return make(
    'div',
    { className: 'card' },
    make('h3', { textContent: what }),
    standing,
    ...(may ? changing(part, purpose, offered, what) : []),
  )
}

function changing(part, purpose, { longestDays }, what) {
  const select = make('select', { id: `change-${purpose}` })
  fillEnds(select, longestDays)
  const change = (length) =>
    changeTo(part, { ask: 'change', secret: part.mine.secret, purpose, days: length, language })
  return [
    make('p', { className: 'end' }, make('label', { for: select.id, textContent: say('until') }), select),
    make(
      'p',
      { className: 'buttons' },
      button(say('change'), () => change(Number(select.value)), {
        id: `do-change-${purpose}`,
        'aria-label': `${say('change')}: ${what}`,
      }),
      button(say('stopOne'), () => change(null), { id: `stop-${purpose}`, 'aria-label': `${say('stopOne')}: ${what}` }),
    ),
  ]
}

async function changeTo(part, question) {
  const answer = await ask(part, question)
  // It was the last one.
  if (answer.state === 'left') return showLeft(part, answer)
  if (answer.state !== 'changed') return
  await takeReceipt(part, answer)
  await see(part)
  part.said.textContent = say(question.ask === 'resume' ? 'resumed' : 'changed')
}

async function takeReceipt(part, { receipt, code }) {
  part.mine = { ...part.mine, ...(await mineOf({ ...part.mine, receipt, code }, part.mine.askKey)) }
  hold(part.mine)
  refresh(part)
}

function wholeOf(part, { kind, isPaused, record, hasTag }) {
  const { secret } = part.mine
  const pause = button(say('pause'), () => pauseNow(part), { id: 'pause' })
  const resume = button(say('resume'), () => changeTo(part, { ask: 'resume', secret }), { id: 'resume' })
  const save = button(say('export'), () => download('drempel-data.json', JSON.stringify(record, null, 2)), {
    id: 'export',
  })
  const buttons = [kind === 'record' ? (isPaused ? resume : pause) : null, record ? save : null]
  return [
    make('p', { className: 'buttons' }, ...buttons),
    ...(kind === 'record' ? [tagPart(part.desk, secret, hasTag)] : []),
  ]
}

async function pauseNow(part) {
  const { state } = await ask(part, { ask: 'pause', secret: part.mine.secret })
  if (state !== 'done') return
  await see(part)
  part.said.textContent = say('paused')
}

async function leave(part) {
  const { secret, handles, askKey } = part.mine
  part.said.textContent = say('sending')
  try {
    const answer = await part.desk.leave(secret, handles, askKey)
    if (answer.state === 'declined') part.said.textContent = say(`declined-${answer.why}`)
    else showLeft(part, answer)
  } catch (error) {
    part.said.textContent = failure(error)
  }
}

function showLeft(part, { state, erasure }) {
  drop()
  const title = make('h2', { id: 'mine-title', tabIndex: -1, textContent: say('left') })
  const lines = state === 'kept' ? ['leave-kept'] : ['leftText', `erasure-${erasure}`]
  // Somebody may look as often as they like whether head office has confirmed; nobody is told to wait for it.
  const again = button(say('lookAgain'), () => leave(part), { id: 'look-again' })
  const more = erasure === 'asked' || state === 'kept' ? [make('p', { className: 'buttons' }, again)] : []
  part.said.textContent = ''
  find('mine').replaceChildren(
    title,
    ...lines.map((key) => make('p', { id: key, textContent: say(key) })),
    part.said,
    ...more,
  )
  title.focus()
}
