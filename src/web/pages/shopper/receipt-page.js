// The page for somebody with a receipt: seals what they pasted, where the browser can; else the plain form goes.
import { createDesk } from './desk.js'
import { showMine } from './mine.js'
import { busy, find, language, say } from './page.js'
import { readReceipt } from './receipt.js'
import { drop, held, hold } from './shelf.js'

const form = find('leaving')
const desk = createDesk(language, null, null)
let isPlain = !window.isSecureContext

if (form && !isPlain) {
  find('file-field').hidden = false
  find('open').hidden = false
  find('no-script').remove()
  find('file').addEventListener('change', takeFile)
  find('open').addEventListener('click', () => busy(find('open'), open))
  form.addEventListener('submit', submit)
}

async function takeFile() {
  const [file] = find('file').files
  if (file) find('receipt').value = (await file.slice(0, 16_384).text()).trim()
}

async function open() {
  const read = await readReceipt(find('receipt').value)
  if (!read) return tell(say('receiptUnread'))
  await look(read)
}

// Whether it is a visit or longer, and until when, only the box knows.
async function look(read) {
  tell(say('sending'))
  try {
    const askKey = await desk.askKey()
    const seen = await desk.ask({ ask: 'see', secret: read.secret })
    if (seen.state !== 'seen') return tell(say(`declined-${seen.why}`))
    tell('')
    const mine = { ...read, code: null, kind: seen.kind, until: null, askKey }
    hold(mine)
    show(mine, seen)
  } catch {
    tell(say('unreachable'))
  }
}

function show(mine, seen) {
  find('intro').remove()
  form.remove()
  showMine({ desk, mine, token: null, isNew: false, seen })
}

function submit(event) {
  if (isPlain) return
  event.preventDefault()
  busy(find('leave'), leave)
}

async function leave() {
  const read = await readReceipt(find('receipt').value)
  if (!read) return tell(say('receiptUnread'))
  tell(say('sending'))
  try {
    const answer = await desk.leave(read.secret, read.handles)
    if (answer.state === 'declined') return tell(say(`declined-${answer.why}`))
    if (held()?.secret === read.secret) drop()
    tell(wordsOf(answer))
  } catch {
    // Without the box's key nothing can be sealed. The plain form still works, and the next tap sends it.
    isPlain = true
    tell(say('receiptAgain'))
  }
}

function wordsOf({ state, erasure }) {
  if (state === 'kept') return say('leave-kept')
  return `${say('left')}. ${say('leftText')} ${say(`erasure-${erasure}`)}`
}

function tell(text) {
  find('said').textContent = text
}
