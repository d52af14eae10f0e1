import { minute, second } from '../base/duration.ts'
import { createBacklog } from './backlog.ts'
import { createCaution } from './caution.ts'
import type { Courier, CourierAction, CourierInput, LastSeq, Load, Loss, Moment } from './courier-words.ts'
import { createDialler } from './dialler.ts'
import { encodeBacklog, type Identity, type Lane, lanes, type Outgoing } from './feed.ts'
import { type Line, lookAgainIn, openLine, restartLine, settleRows, startRead, takeRows } from './line.ts'
import { createNoticeBoard } from './notices.ts'
import type { Batch } from './outbox-words.ts'
import { createEar } from './stored.ts'

export interface CourierParts {
  readonly identity: Identity
  readonly mode: 'run' | 'replay' | 'demo'
  /** In [0, 1). */
  readonly random: () => number
}

const mostInFlight = 100
const answerTime = minute
const flushSize = 64
const flushTime = second
// Topic, properties and headers of one PUBLISH beside its payload.
const packetOverhead = 512
const packetTooLarge = 0x95

/**
 * Decides what is sent and when. It does nothing itself: inputs go in, actions come out, time and chance are arguments.
 * A row leaves the outbox only through `acknowledge` and `trim`; whatever else happens, it is sent again.
 * @returns a courier that rests until the input 'opened'
 */
export function createCourier({ identity, mode, random }: CourierParts): Courier {
  const dialler = createDialler(random)
  const caution = createCaution(random)
  const backlog = createBacklog(mode)
  const lines: Record<Lane, Line> = { aggregates: openLine(), signals: openLine() }
  const inFlight = new Map<number, Load>()
  const notices = createNoticeBoard()
  const ear = createEar()
  const count = { sent: 0, acknowledged: 0, refused: 0 }
  let actions: CourierAction[] = []
  let isClosing = false
  let window = mostInFlight
  let roomInPacket = Infinity
  let ticket = 0
  let flushAt = Infinity

  function handle(input: CourierInput, moment: Moment): void {
    switch (input.is) {
      case 'opened':
        return dialler.open(moment.real)
      case 'closing':
        isClosing = true
        return
      case 'connected':
        return connected(input.receiveMaximum, input.maximumPacketSize, moment)
      case 'lost':
        return lost(input.why, moment)
      case 'answered':
        return answered(input.ticket, input.reason, moment)
      case 'stored':
        return heard(input.message, input.isRetained, input.lastSeq)
      case 'noticed':
        return notices.post(input.notice)
      case 'rows':
        return take(input.lane, input.again, input.batch, moment)
      case 'woken':
        for (const lane of lanes) lines[lane].isDrained = false
        return
      case 'ticked':
    }
  }

  function connected(receiveMaximum: number, maximumPacketSize: number, { real, wall }: Moment): void {
    backlog.connected(dialler.lostAt === null ? null : real - dialler.lostAt, wall)
    dialler.connected(real)
    window = Math.max(1, Math.min(receiveMaximum, mostInFlight))
    roomInPacket = maximumPacketSize - packetOverhead
    for (const lane of lanes) restartLine(lines[lane], real)
  }

  function lost(why: Loss, moment: Moment): void {
    flush(moment)
    dialler.lost(why, moment.real)
    notices.lost()
    const unanswered = [...inFlight.values()]
    inFlight.clear()
    for (const { rows } of unanswered) if (rows.length === 1) backlog.triedAlone(rows[0]!.seq)
    const guilty = caution.lost(unanswered.map((load) => load.key))
    for (const load of unanswered) if (load.key === guilty) putAside(load, 0, moment)
  }

  function answered(number: number, reason: number, moment: Moment): void {
    const load = inFlight.get(number)
    if (!load) return
    inFlight.delete(number)
    if (reason >= 0x80) return putAside(load, reason, moment)
    caution.accepted(load.key)
    if (!load.lane) return notices.taken(load.key)
    const seqs = load.rows.map((row) => row.seq)
    backlog.delivered(seqs)
    lines[load.lane].acknowledged.push(...seqs)
    count.acknowledged += seqs.length
    flushAt = Math.min(flushAt, moment.real + flushTime)
    if (inFlight.size === 0 || lines[load.lane].acknowledged.length >= flushSize) flush(moment)
  }

  /** One message does not hold up the line: a backlog is split, a row waits in the outbox, a notice until all else is sent. */
  function putAside({ key, lane, rows }: Omit<Load, 'sentAt'>, reason: number, { real }: Moment): void {
    count.refused += 1
    actions.push({ do: 'report', what: 'refused', key, reason })
    if (!lane) return notices.doubt(key)
    if (reason > 0) caution.refused(reason, real)
    if (rows.length > 1) {
      backlog.refused(rows.length)
      lines[lane].ready.unshift(...rows)
      return
    }
    for (const { seq } of rows) lines[lane].busy.delete(seq)
    actions.push({ do: 'refuse', lane, seqs: rows.map(({ seq }) => seq) })
    lookAgainIn(lines[lane], minute, real)
  }

  /** Tells the outbox what the broker took. */
  function flush({ real }: Moment): void {
    flushAt = Infinity
    for (const lane of lanes) {
      const seqs = settleRows(lines[lane], real)
      if (seqs.length > 0) actions.push({ do: 'acknowledge', lane, seqs })
    }
  }

  function heard(message: unknown, isRetained: boolean, lastSeq: LastSeq): void {
    const { adopt, isIgnored } = ear.hear(message, isRetained, lastSeq)
    // A replay into a new folder begins anew under names that head office may know.
    if (adopt !== null && mode === 'run') actions.push({ do: 'adopt', upTo: adopt })
    if (isIgnored) actions.push({ do: 'report', what: 'stored-ignored', key: 'stored', reason: 0 })
  }

  function take(lane: Lane, again: boolean, batch: Batch, { real, wall }: Moment): void {
    const [oldest] = takeRows(lines[lane], again, batch, real)
    if (oldest) backlog.judge(oldest, wall)
    if (batch.inMs !== null && !again) actions.push({ do: 'wake', on: 'shop', inMs: batch.inMs })
  }

  function pump(moment: Moment): void {
    if (moment.real >= flushAt || isClosing) flush(moment)
    if (isClosing) return
    if (moment.real >= dialler.dialAt) {
      dialler.dialling()
      actions.push({ do: 'connect', protocol: dialler.protocol })
    }
    if (!dialler.isOnline) return
    const [oldest] = inFlight.values()
    if (oldest && moment.real - oldest.sentAt >= answerTime) {
      actions.push({ do: 'report', what: 'unanswered', key: oldest.key, reason: 0 }, { do: 'disconnect' })
      return
    }
    trim(moment)
    sendAll(moment)
  }

  function trim(moment: Moment): void {
    const taken = ear.take(moment.real)
    if (taken.length > 0) flush(moment)
    for (const [lane, stored] of taken) {
      actions.push({ do: 'trim', lane, stored })
      lookAgainIn(lines[lane], 0, moment.real)
    }
  }

  function sendAll(moment: Moment): void {
    while (moment.real >= caution.pausedUntil() && inFlight.size < caution.allowance(window)) {
      if (sendNext(moment)) continue
      if (inFlight.size > 0 || lanes.some((lane) => lines[lane].isReading)) return
      caution.calm()
      const notice = notices.nextInDoubt()
      if (!notice) return
      send({ key: notice.topic, lane: null, rows: [] }, notice, moment)
    }
  }

  /** Notices first, then signals, then aggregates. False when there is nothing to send now. */
  function sendNext(moment: Moment): boolean {
    const notice = notices.next()
    if (notice) return send({ key: notice.topic, lane: null, rows: [] }, notice, moment)
    for (const lane of ['signals', 'aggregates'] as const) {
      if (lines[lane].ready.length > 0) return sendRow(lane, moment)
      read(lane, moment)
    }
    return false
  }

  function read(lane: Lane, moment: Moment): void {
    const wanted = startRead(lines[lane], moment.real)
    if (!wanted) return
    if (wanted.again) flush(moment)
    actions.push({ do: 'read', lane, ...wanted })
  }

  function sendRow(lane: Lane, moment: Moment): true {
    const { ready } = lines[lane]
    const packed = lane === 'aggregates' ? backlog.headOf(ready, roomInPacket) : 0
    const rows = ready.splice(0, Math.max(packed, 1))
    const [first] = rows
    const load = { key: `${lane} ${first!.seq}`, lane, rows }
    if (packed === 0) return send(load, first!.outgoing, moment)
    actions.push({ do: 'pack', lane, seqs: rows.map((row) => row.seq) })
    const releases = rows.map((row) => row.outgoing)
    return send(load, encodeBacklog(releases, identity), moment)
  }

  function send(load: Omit<Load, 'sentAt'>, outgoing: Outgoing, moment: Moment): true {
    if (outgoing.bytes.length > roomInPacket) {
      putAside(load, packetTooLarge, moment)
      return true
    }
    ticket += 1
    count.sent += load.rows.length
    inFlight.set(ticket, { ...load, sentAt: moment.real })
    actions.push({ do: 'publish', ticket, outgoing, createdAt: load.rows[0]?.createdAt ?? null })
    return true
  }

  /** Asks for the next moment of the real clock at which time alone changes something. What is past waits for an event. */
  function wake({ real }: Moment): void {
    if (isClosing) return
    const [oldest] = inFlight.values()
    const unanswered = oldest ? oldest.sentAt + answerTime : Infinity
    const online = [unanswered, caution.pausedUntil(), ear.takeAt, ...lanes.map((lane) => lines[lane].againAt)]
    const moments = [flushAt, dialler.dialAt, ...(dialler.isOnline ? online : [])]
    const next = Math.min(...moments.filter((moment) => moment > real))
    if (next < Infinity) actions.push({ do: 'wake', on: 'real', inMs: next - real })
  }

  return {
    step(input, moment) {
      actions = []
      handle(input, moment)
      pump(moment)
      wake(moment)
      return actions
    },
    get progress() {
      return { isConnected: dialler.isOnline, protocol: dialler.protocol, inFlight: inFlight.size, ...count }
    },
  }
}
