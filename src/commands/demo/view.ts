import type { Config } from '../../config.ts'
import { guessSentence, type Policy } from '../../privacy/policy.ts'
import type { Audience } from '../../web/audience.ts'
import type { Count, Link, Premises, Received, Snapshot } from '../../web/showing.ts'

/** What those who watch the demo's page are told. */
export interface DemoView {
  /** A release reached head office; `text` is its payload. */
  received(topic: string, text: string): Received
  link(change: Partial<Link>): void
  snapshot(): Snapshot
}

export interface DemoViewParts {
  readonly premises: Premises
  readonly audience: Audience
  readonly truth: (zone: string, from: number, to: number) => { walked: Count; counted: Count }
}

/** Four hours of two zones. */
const messagesKept = 96

export function createDemoView({ premises, audience, truth }: DemoViewParts): DemoView {
  const history: Received[] = []
  let standing: Link = { kind: 'link', isOnline: false, seq: 0, storedUpTo: 0 }

  return {
    received(topic, text) {
      const { window } = JSON.parse(text) as { window: { start: string; seconds: number } }
      const from = Date.parse(window.start)
      const zone = topic.split('/').at(-1)!
      const message: Received = { kind: 'received', topic, text, ...truth(zone, from, from + window.seconds * 1000) }
      history.push(message)
      if (history.length > messagesKept) history.shift()
      audience.tell(message)
      return message
    },
    link(change) {
      standing = { ...standing, ...change }
      audience.tell(standing)
    },
    snapshot: () => ({ kind: 'snapshot', premises, received: history, link: standing }),
  }
}

/** What the page says of the shop, from the configuration and the policy that the box itself goes by. */
export function premisesOf(
  config: Config,
  policy: Policy,
  { speed, listen }: { speed: number; listen: string },
): Premises {
  const { perVisitMilli, guessIn100 } = policy
  return {
    timezone: config.store.timezone,
    speed,
    zones: config.zones.map(({ id, name }) => ({ id, name })),
    doors: config.sensors.map(({ id, kind, zone }) => ({ sensor: id, kind, zone })),
    visit: { epsilon: perVisitMilli / 1000, guess: guessSentence(policy), guessIn100 },
    listen,
  }
}
