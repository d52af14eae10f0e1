import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { second } from '../base/duration.ts'
import type { AgreementPair } from '../base/identity-key.ts'
import type { Refusal, TagBegun, TagState } from './desk-answers.ts'
import { refusal } from './desk-answers.ts'
import type { QuestionOf } from './desk-questions.ts'
import { beginEnrolment, type Enrolment, type EnrolmentInput, enrolmentAfter, enrolmentLife } from './enrolment.ts'
import type { NearFrame } from './gesture.ts'
import type { SlotKey } from './key-slots.ts'

/** Tags on their way to being known, in memory only: whoever does not finish within a minute leaves nothing. */
export interface TagDesk {
  begin(record: string): TagBegun | Refusal
  /** What a tag or app hands over. */
  offered(question: QuestionOf<'tag'>): { readonly state: 'done' } | Refusal
  /** A tag was heard close to a radio. */
  heard(frame: NearFrame): void
  state(record: string): TagState
  /** Is somebody holding a tag to the beacon? Only then is anything of a stranger's tag looked at. */
  isWaiting(): boolean
}

export interface TagDeskParts {
  readonly clock: Clock
  readonly pair: AgreementPair
  /** False when the record has ended meanwhile. */
  readonly enrolled: (record: string, key: SlotKey) => boolean
}

/** More are not at one beacon at once. */
const mostWaiting = 8

export function createTagDesk({ clock, pair, enrolled }: TagDeskParts): TagDesk {
  const all = new Map<string, Enrolment>()
  const ground = { pair, wallAt: (at: number) => clock.now() - (clock.monotonic() - at) }

  function take(record: string, before: Enrolment, input: EnrolmentInput): Enrolment {
    const after = enrolmentAfter(before, input, ground)
    if (after.phase === 'enrolled') {
      const isKept = enrolled(record, after.key)
      after.key.identityKey.fill(0)
      all.set(record, isKept ? after : { phase: 'refused', why: 'late' })
    } else all.set(record, after)
    return all.get(record)!
  }

  function takeAll(input: EnrolmentInput): void {
    for (const [record, before] of all) if (before.phase === 'waiting') take(record, before, input)
  }

  function look(): void {
    takeAll({ kind: 'time', at: clock.monotonic() })
  }

  function waiting(): [string, Enrolment & { phase: 'waiting' }][] {
    look()
    return [...all].flatMap(([record, one]) => (one.phase === 'waiting' ? [[record, one] as const] : [])) as never
  }

  return {
    begin(record) {
      if (waiting().length >= mostWaiting && all.get(record)?.phase !== 'waiting') return refusal('no-room')
      // What has ended is told once more at the most, and not kept for whoever never asks.
      for (const [id, { phase }] of all) if (phase !== 'waiting') all.delete(id)
      const token = randomBytes(16)
      all.set(record, beginEnrolment(token, clock.monotonic()))
      const publicKey = pair.publicKey.toString('base64url')
      return { state: 'tag', tagToken: token.toString('base64url'), publicKey, seconds: enrolmentLife / second }
    },
    offered({ tagToken, by, publicKey, exponent, counter }) {
      const token = Buffer.from(tagToken, 'base64url')
      const found = waiting().find(([, one]) => one.token.equals(token))
      if (!found) return refusal('wrong-token')
      const at = clock.monotonic()
      const offer = { by, token, publicKey: Buffer.from(publicKey, 'base64url'), exponent, counter, at }
      const after = take(...found, { kind: 'offer', ...offer })
      return after.phase === 'refused' ? refusal('wrong-token') : { state: 'done' }
    },
    heard: (frame) => takeAll({ kind: 'frame', ...frame }),
    state(record) {
      look()
      const one = all.get(record)
      if (!one) return { state: 'tag-state', phase: 'none' }
      return one.phase === 'refused'
        ? { state: 'tag-state', phase: one.phase, why: one.why }
        : { state: 'tag-state', phase: one.phase }
    },
    // Asked at every advert: mostly nobody enrols, and then it is one look.
    isWaiting: () => all.size > 0 && waiting().length > 0,
  }
}
