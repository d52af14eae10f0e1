import { createCharts } from './charts.js'
import { createLedger } from './ledger.js'
import { createMessages } from './messages.js'
import { createOpenWindow } from './open-window.js'
import { createPlan } from './plan.js'
import { drawVisit } from './visit.js'

// One stream comes in; everything on the page is drawn from it. Names of messages: src/web/showing.ts.
const byId = (id) => document.getElementById(id)
const parts = {}
let isPaused = false

const show = {
  snapshot({ premises, received, link }) {
    begin(premises)
    for (const message of received) note(message)
    show.link(link)
    draw()
    stand('')
  },
  moment(moment) {
    if (isPaused || !parts.plan) return
    byId('time').textContent = parts.clock.format(moment.now)
    parts.plan.take(moment)
    parts.openWindow.take(moment)
  },
  received(message) {
    if (!parts.ledger) return
    note(message)
    if (!isPaused) draw()
  },
  link(link) {
    parts.link = link
    if (!isPaused) drawLink()
  },
}

function begin(premises) {
  const { timezone, speed } = premises
  const digits = { hour: '2-digit', minute: '2-digit', ...(speed < 10 ? { second: '2-digit' } : {}) }
  parts.clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, ...digits })
  byId('speed').textContent = speed === 1 ? 'real time' : `${speed} × real time`
  byId('listen').textContent = premises.listen
  parts.ledger = createLedger(premises)
  parts.plan ??= createPlan(byId('plan'), premises)
  parts.openWindow ??= createOpenWindow(premises)
  parts.charts = createCharts(byId('charts'), premises)
  parts.messages = createMessages(premises)
  drawVisit(premises.visit)
}

function note(message) {
  parts.messages.note(message, parts.ledger.note(message))
}

function draw() {
  const { ledger, charts, messages } = parts
  charts.draw(ledger)
  messages.draw(ledger)
  const newest = ledger.newest()
  if (newest) byId('coverage').textContent = `${Math.round(newest.release.coverage * 100)} %`
  byId('missing').textContent = ledger.missing()
  const { inside, numbers } = ledger.verdict()
  if (numbers === 0) return
  const verdict = byId('verdict')
  verdict.textContent = ''
  const strong = document.createElement('strong')
  strong.textContent = `${inside} of ${numbers}`
  verdict.append(
    'The truth lay in the band for ',
    strong,
    ' numbers; the feed promises 95 in 100, sensor errors aside.',
  )
}

function drawLink() {
  const { isOnline, seq, storedUpTo } = parts.link
  byId('box').textContent = isOnline ? 'online' : 'offline'
  byId('seq').textContent = seq
  byId('stored').textContent = storedUpTo
}

function stand(text) {
  byId('standing').textContent = text
}

function listen() {
  const stream = new EventSource('live')
  stream.onmessage = ({ data }) => {
    const message = JSON.parse(data)
    show[message.kind]?.(message)
  }
  stream.onerror = () => {
    stand('The demo does not answer. If it has ended, “npm start” begins a new one; this page then goes on by itself.')
    // The browser tries again by itself, except after a refusal.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000)
  }
}

byId('pause').addEventListener('click', ({ currentTarget }) => {
  isPaused = !isPaused
  currentTarget.setAttribute('aria-pressed', isPaused)
  parts.plan?.pause(isPaused)
  if (parts.ledger && !isPaused) {
    draw()
    drawLink()
  }
  stand(isPaused ? 'Paused. Only this view stands still; the numbers keep leaving.' : '')
})

listen()
