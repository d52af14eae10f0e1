import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { issueReceipt } from '../../src/consent/receipt.ts'
import { packReceipt } from '../../src/consent/receipt-code.ts'
import type { LeaveOutcome, Offer, ShopperDesk } from '../../src/web/shopper/parts.ts'
import { type AskBox, createAskBox } from './ask-box.ts'

/** A desk without a box behind it, for tests of the page: keeps its shoppers in memory and writes down what it was asked. */
export interface FakeDesk extends ShopperDesk {
  readonly box: AskBox
  /** What the screen would show now. */
  token: string
  /** Does the box answer? */
  isOn: boolean
  isOpen: boolean
  hasPurposes: boolean
  erasure: 'none' | 'asked' | 'confirmed'
  readonly asked: Record<string, unknown>[]
  readonly left: string[]
  readonly erased: string[]
}

interface Held {
  readonly kind: 'visit' | 'record'
  readonly until: Map<string, number | null>
  isPaused: boolean
}

type Question = Record<string, unknown>
const day = 86_400_000

const texts: Readonly<Record<string, readonly [string, string, string, string]>> = {
  nl: [
    'Laat weten dat ik er ben, voor aanbiedingen.',
    'Elke week korting op iets in deze winkel.',
    'Laat weten hoe lang ik blijf.',
    'Kortere rijen aan de kassa.',
  ],
  sv: [
    'Tala om att jag är här, för erbjudanden.',
    'Rabatt på något i butiken varje vecka.',
    'Tala om hur länge jag stannar.',
    'Kortare köer i kassan.',
  ],
  de: [
    'Sag, dass ich da bin, für Angebote.',
    'Jede Woche Rabatt auf etwas in diesem Laden.',
    'Sag, wie lange ich bleibe.',
    'Kürzere Schlangen an der Kasse.',
  ],
  en: [
    'Tell that I am here, for offers.',
    'Money off something in this shop every week.',
    'Tell how long I stay.',
    'Shorter queues at the till.',
  ],
}

export function createFakeDesk(): FakeDesk {
  const held = new Map<string, Held>()
  const desk: FakeDesk = {
    box: createAskBox(),
    token: '0123456789ABC',
    isOn: true,
    isOpen: true,
    hasPurposes: true,
    erasure: 'asked',
    asked: [],
    left: [],
    erased: [],
    offer: async (language) => (desk.isOn ? offerOf(desk, language) : null),
    ask: async (sealed, _from, erase) => {
      desk.erased.push(...erase)
      if (!desk.isOn) return erase.length > 0 ? 'kept' : null
      return desk.box.answer(sealed, (question) => {
        desk.asked.push(question)
        return answer(desk, held, question)
      })
    },
    leave: async (text) => leave(desk, held, text),
  }
  return desk
}

function leave(desk: FakeDesk, held: Map<string, Held>, text: string): LeaveOutcome {
  desk.left.push(text)
  if (!desk.isOn) return 'unreachable'
  const secret = text.startsWith('{') ? JSON.parse(text).secret : text
  if (!held.delete(secret)) return 'unknown'
  return desk.erasure === 'confirmed' ? 'erased' : 'left'
}

function offerOf(desk: FakeDesk, asked: string): Offer {
  const language = asked in texts ? asked : 'nl'
  const [here, benefit, stay, shorter] = texts[language]!
  const common = {
    recipient: 'Voorbeeld Retail BV',
    retention: '90d',
    perVisit: 3,
    perDay: 6,
    quiet: '21:00-08:00',
    notice: `sha256:${'0'.repeat(64)}`,
  }
  const purposes = [
    { ...common, id: 'offers', text: here, benefit, longestDays: 180 },
    { ...common, id: 'queues', text: stay, benefit: shorter, retention: '30d', longestDays: 60 },
  ]
  return {
    state: 'offer',
    fresh: 'fresh-1',
    askKey: desk.box.askKey,
    askKeyId: desk.box.askKeyId,
    signKeyId: 'AAAAAAAAAAAAAAAA',
    language,
    languages: Object.keys(texts),
    shop: {
      id: 'gouda-1',
      name: 'De Gouden Leeuw',
      country: 'NL',
      controller: 'Voorbeeld Retail BV',
      contact: 'privacy@voorbeeld.example',
      dpo: 'J. Jansen',
      authority: 'Autoriteit Persoonsgegevens',
      recipients: [{ name: 'Mail & Co', country: 'US', safeguard: 'adequacy decision' }],
    },
    ageLimit: 16,
    isOpen: desk.isOpen,
    closesAt: new Date(Date.now() + 3 * 3_600_000).toISOString(),
    measured: { profile: 'footfall', windowMinutes: 15, guessIn100: 73.1, retainedDays: 90 },
    purposes: desk.hasPurposes ? purposes : [],
  }
}

function answer(desk: FakeDesk, held: Map<string, Held>, question: Question): object {
  const { ask, token, secret } = question
  const declined = (why: string) => ({ state: 'declined', why })
  if (token !== undefined && String(token).toUpperCase() !== desk.token) return declined('token')
  if (ask === 'check-in')
    return give(
      held,
      'visit',
      (question.purposes as string[]).map((id) => [id, 1]),
    )
  if (ask === 'join') {
    const choices = question.choices as { purpose: string; days: number }[]
    return give(
      held,
      'record',
      choices.map(({ purpose, days }) => [purpose, days]),
    )
  }
  const mine = held.get(String(secret))
  if (ask === 'leave') {
    held.delete(String(secret))
    return { state: 'left', erasure: desk.erasure }
  }
  return mine ? about(mine, question) : declined('unknown')
}

function about(mine: Held, question: Question): object {
  if (question.ask === 'see') return seen(mine)
  if (question.ask === 'tag-token')
    return { state: 'tag', tagToken: '8XK2M0QT', publicKey: 'A'.repeat(43), seconds: 60 }
  if (question.ask === 'tag-state') return { state: 'tag-state', phase: 'enrolled' }
  if (question.ask === 'change') mine.until.set(String(question.purpose), question.days as number | null)
  if (question.ask === 'pause') mine.isPaused = true
  if (question.ask === 'resume') mine.isPaused = false
  if (question.ask === 'pause' || question.ask === 'arrive') return { state: 'done' }
  return { state: 'changed', ...receiptOf(String(question.secret), mine) }
}

function seen({ kind, isPaused, until }: Held): object {
  const purposes = [...until].map(([purpose, days]) => ({
    purpose,
    state: days === null ? 'withdrawn' : isPaused ? 'restricted' : 'given',
    until: days === null ? null : new Date(Date.now() + days * day).toISOString(),
    agreedAt: new Date().toISOString(),
  }))
  return {
    state: 'seen',
    kind,
    since: new Date().toISOString(),
    isPaused,
    purposes,
    erasure: 'none',
    hasTag: false,
    record: kind === 'record' ? { purposes } : null,
  }
}

function give(held: Map<string, Held>, kind: 'visit' | 'record', choices: [string, number][]): object {
  const secret = randomBytes(16).toString('base64url')
  const mine = { kind, until: new Map<string, number | null>(choices), isPaused: false }
  held.set(secret, mine)
  const longest = Math.max(...choices.map(([, days]) => days))
  return { state: 'given', kind, ...receiptOf(secret, mine), until: new Date(Date.now() + longest * day).toISOString() }
}

const keys = generateKeyPairSync('ed25519')
const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const signer = { publicKey, keyId: 'AAAAAAAAAAAAAAAA', sign: (bytes: Buffer) => sign(null, bytes, keys.privateKey) }

function receiptOf(secret: string, { until }: Held): { receipt: string; code: string } {
  const random = () => randomBytes(16).toString('base64url')
  const receipt = issueReceipt(
    {
      id: random(),
      principal: random(),
      jurisdiction: 'NL',
      language: 'nl',
      agreedAt: Date.now(),
      method: 'page',
      controller: { name: 'Voorbeeld Retail BV', contact: 'privacy@voorbeeld.example' },
      service: 'De Gouden Leeuw',
      policyUrl: 'https://voorbeeld.example',
      purposes: [...until].map(([purpose, days]) => ({
        purpose,
        handle: random(),
        notice: `sha256:${'0'.repeat(64)}`,
        until: Date.now() + (days ?? 0) * day,
        recipient: 'Voorbeeld Retail BV',
      })),
    },
    Buffer.from(secret, 'base64url'),
    signer,
  )
  return { receipt, code: packReceipt(receipt) }
}
