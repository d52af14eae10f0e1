import { Ajv, type ValidateFunction } from 'ajv'
import { GatewayError } from '../base/errors.ts'
import { type Grant, isGranted } from '../consent/grant.ts'
import { isRelease, type Release, type Series } from '../privacy/release.ts'
import { type Catalogue, type FeedKind, feedSchemas, type Health, type Status } from './feed-schema.ts'
import { longestOf, wire } from './wire.ts'

/**
 * The one door out. Everything that leaves is Outgoing, and Outgoing is made here only: from a Release that crossed
 * the wall, from a Notice or an answer that fits its closed schema, or from a stored row whose MAC holds.
 * The bytes are fixed when it is made; sending again sends the same bytes.
 */
export interface Outgoing {
  readonly topic: string
  readonly bytes: Buffer
  readonly retain: boolean
  readonly qos: 1
  /** The line it is numbered in; null for notices and answers, which are not numbered. */
  readonly lane: Lane | null
  readonly seq: number | null
  readonly [made]: true
}

declare const made: unique symbol

export type Lane = 'aggregates' | 'signals'
export const lanes: readonly Lane[] = ['aggregates', 'signals']

/** Who speaks: the three names every topic begins with. */
export interface Identity {
  readonly organisation: string
  readonly store: string
  readonly gateway: string
}

interface Notices {
  status: Status
  catalogue: Catalogue
  health: Health
}

const known = new WeakSet<object>()

/** Was this made here, in this process? A copy or a look-alike was not. */
export function isOutgoing(value: unknown): value is Outgoing {
  return typeof value === 'object' && value !== null && known.has(value)
}

/** `drempel/v1/{organisation}/{store}/{gateway}/`, with the slash. @throws UPLINK_MESSAGE_REFUSED for a name no topic may hold */
export function rootTopic(identity: Identity): string {
  const parts = [identity.organisation, identity.store, identity.gateway]
  if (!parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(part))) throw refusal('topic', 'its names')
  return `drempel/v1/${parts.join('/')}/`
}

/**
 * A release as it will be sent, now and on every resend: one line of JSON, padded with spaces to the length of its series.
 * @throws PRIVACY_NOT_MINTED for anything that did not cross the wall; UPLINK_MESSAGE_REFUSED when it does not fit
 */
export function encodeRelease(release: Release, series: Series, identity: Identity): Outgoing {
  if (!isRelease(release)) throw new GatewayError('PRIVACY_NOT_MINTED', 'It came to the feed.')
  const head = `${identity.store}/${identity.gateway}/${series.name}/`
  if (release.kind !== series.kind || release.series !== series.name || !release.id.startsWith(head))
    throw refusal(series.kind, 'its id or series')
  if (tooManyWindows(release, series)) throw refusal(series.kind, 'the number of windows')
  const message = wire(release)
  check(series.kind, message)
  const bytes = pad(JSON.stringify(message), paddedLength(series, identity), series.kind)
  const topic = rootTopic(identity) + series.name
  return make({ topic, bytes, retain: false, qos: 1, lane: 'aggregates', seq: release.seq })
}

function tooManyWindows(release: Release, series: Series): boolean {
  return release.kind === 'day' && series.kind === 'day' && release.windows.length > series.windowsPerDay
}

/** Bytes of every message of a series: those of the longest one it could ever send. */
export function paddedLength(series: Series, { store, gateway }: Identity): number {
  return Buffer.byteLength(JSON.stringify(wire(longestOf(series, `${store}/${gateway}`))))
}

function pad(text: string, length: number, kind: FeedKind): Buffer {
  const bytes = Buffer.alloc(length, ' ')
  if (Buffer.byteLength(text) > length) throw refusal(kind, 'its length')
  bytes.write(text)
  return bytes
}

/** Something that a shopper agreed to be told about. */
export interface Sighting {
  readonly event: 'arrived' | 'zone' | 'left'
  readonly zone: string
  /** Wall ms; told to the minute. */
  readonly at: number
  /** Random, for consumers to deduplicate by. */
  readonly id: string
  readonly seq: number
}

/**
 * A signal about one shopper and purpose, if the grant holds under the notice in force at this moment.
 * @throws UPLINK_NOT_GRANTED where it does not, UPLINK_MESSAGE_REFUSED
 */
export function encodeSignal(
  { event, zone, at, id, seq }: Sighting,
  grant: Grant | undefined,
  { notice, now }: { notice: string; now: number },
  identity: Identity,
): Outgoing {
  if (!grant || !isGranted(grant, grant.purpose, notice, now)) throw new GatewayError('UPLINK_NOT_GRANTED')
  const { handle, purpose } = grant
  const minute = `${new Date(at).toISOString().slice(0, 16)}Z`
  return numbered(
    'signal',
    `signal/${purpose}`,
    { id: idOf(identity, 'signal', id), handle, purpose, event, zone, minute },
    seq,
    identity,
  )
}

/** What became of an agreement: `withdrawn` and `expired` tell the consumer to erase the handle. @throws UPLINK_MESSAGE_REFUSED */
export function encodeConsent(
  { handle, purpose, event }: { handle: string; purpose: string; event: 'given' | 'withdrawn' | 'expired' },
  { id, seq }: { id: string; seq: number },
  identity: Identity,
): Outgoing {
  return numbered('consent', 'consent', { id: idOf(identity, 'consent', id), handle, purpose, event }, seq, identity)
}

/** What goes out in place of a signal that was taken back: its number and nothing else. */
export function encodeVoid({ topic, lane, seq }: Outgoing): Outgoing {
  if (lane !== 'signals' || seq === null) throw refusal('void', 'its lane')
  return voidOn(topic, seq)
}

/** The same in place of a message that the disk took, about whoever it was: nobody need wait for its number. */
export function encodeLost(seq: number, identity: Identity): Outgoing {
  return voidOn(`${rootTopic(identity)}consent`, seq)
}

function voidOn(topic: string, seq: number): Outgoing {
  const message = { seq, void: 'withdrawn' }
  check('void', message)
  return make({ topic, bytes: Buffer.from(JSON.stringify(message)), retain: false, qos: 1, lane: 'signals', seq })
}

function idOf({ store, gateway }: Identity, kind: string, id: string): string {
  return `${store}/${gateway}/${kind}/${id}`
}

function numbered(
  kind: FeedKind,
  topic: string,
  fields: Readonly<Record<string, string>>,
  seq: number,
  identity: Identity,
): Outgoing {
  const message = { ...fields, seq }
  check(kind, message)
  const bytes = Buffer.from(JSON.stringify(message))
  return make({ topic: rootTopic(identity) + topic, bytes, retain: false, qos: 1, lane: 'signals', seq })
}

/** What the box says of itself: retained, at most one of each kind. @throws UPLINK_MESSAGE_REFUSED */
export function encodeNotice<K extends keyof Notices>(kind: K, value: Notices[K], identity: Identity): Outgoing {
  check(kind, value)
  const bytes = Buffer.from(JSON.stringify(value))
  return make({ topic: rootTopic(identity) + kind, bytes, retain: true, qos: 1, lane: null, seq: null })
}

/** What an answer may be: sealed, or the offer in the words of the desk. What it may hold, the closed schemas say. */
export type AnswerValue = { readonly sealed: string } | { readonly state: 'offer' }

/** An answer to a shopper's question, which only the one who asked can read, or the offer that everybody gets. @throws UPLINK_MESSAGE_REFUSED */
export function encodeAnswer(nonce: string, value: AnswerValue, identity: Identity): Outgoing {
  if (!/^[A-Za-z0-9_-]{22}$/.test(nonce)) throw refusal('answer', 'its nonce')
  check('sealed' in value ? 'answer' : 'offer', value)
  const bytes = Buffer.from(JSON.stringify(value))
  return make({ topic: `${rootTopic(identity)}answer/${nonce}`, bytes, retain: false, qos: 1, lane: null, seq: null })
}

/** Up to 50 stored releases in one message, each with exactly the bytes of its own. @throws UPLINK_MESSAGE_REFUSED */
export function encodeBacklog(releases: readonly Outgoing[], identity: Identity): Outgoing {
  const isOne = (one: Outgoing) => isOutgoing(one) && one.lane === 'aggregates'
  if (releases.length < 1 || releases.length > 50 || !releases.every(isOne)) throw refusal('backlog', 'its releases')
  const parts = releases.flatMap((one, i) => (i === 0 ? [one.bytes] : [Buffer.from(','), one.bytes]))
  const bytes = Buffer.concat([Buffer.from('{"releases":['), ...parts, Buffer.from(']}')])
  return make({ topic: `${rootTopic(identity)}backlog`, bytes, retain: false, qos: 1, lane: null, seq: null })
}

/** An Outgoing made by an earlier process. Named only in uplink/outbox.ts, after the row's MAC was found to hold (law 4). */
export function restore(row: { topic: string; bytes: Buffer; lane: Lane; seq: number }): Outgoing {
  return make({ topic: row.topic, bytes: row.bytes, retain: false, qos: 1, lane: row.lane, seq: row.seq })
}

/** A series as the catalogue declares it. `accuracy` is that of the last count check. */
export function declareSeries(series: Series, accuracy: number | null = null): Catalogue['series'][number] {
  const { kind, zone, unit, epsilon, mechanism, noise95 } = series
  return { kind, zone, window: { seconds: series.windowSeconds }, unit, epsilon, mechanism, noise95, accuracy }
}

function make(fields: Omit<Outgoing, typeof made>): Outgoing {
  const outgoing = Object.freeze({ ...fields }) as Outgoing
  known.add(outgoing)
  return outgoing
}

const validators = new Map<FeedKind, ValidateFunction>()

/** Does a parsed message have exactly the declared shape? */
export function fits(kind: FeedKind, value: unknown): boolean {
  return validatorOf(kind)(value) === true
}

function validatorOf(kind: FeedKind): ValidateFunction {
  const compiled = validators.get(kind) ?? new Ajv().compile(feedSchemas[kind])
  validators.set(kind, compiled)
  return compiled
}

function check(kind: FeedKind, value: unknown): void {
  const validate = validatorOf(kind)
  if (!validate(value)) throw refusal(kind, validate.errors?.[0]?.instancePath || 'its keys')
}

function refusal(kind: string, what: string): GatewayError {
  return new GatewayError('UPLINK_MESSAGE_REFUSED', `A '${kind}' message: ${what}.`)
}
