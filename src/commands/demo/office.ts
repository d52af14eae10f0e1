import { systemCode } from '../../base/errors.ts'
import { type Reader, startReader } from '../../headoffice/reader.ts'
import { type Broker, startBroker } from '../../simulator/broker.ts'
import { fits } from '../../uplink/feed.ts'
import type { Link } from '../../web/showing.ts'

/** Everything outside the virtual shop: a broker, and head office that reads from it and writes `stored`. */
export interface Office {
  readonly port: number
  close(): Promise<void>
}

export interface OfficeParts {
  readonly host: string
  /** Taken if it is free, else any other. */
  readonly port: number
  readonly organisation: string
  /** The payload, byte for byte, as it came over MQTT. */
  readonly onRelease: (topic: string, text: string) => void
  /** What was told of a shopper who agreed, or what became of an agreement. */
  readonly onSignal: (signal: Signal) => void
  readonly onLink: (change: Partial<Link>) => void
}

/** As the feed has it; `void` in the place of a signal that was taken back. */
export interface Signal {
  readonly handle?: string
  readonly purpose?: string
  readonly event?: string
  readonly zone?: string
  readonly void?: string
}

const signals = ['signal', 'consent'] as const
const expected = [
  ...signals,
  'status',
  'catalogue',
  'health',
  'footfall',
  'day',
  'occupancy',
  'dwell',
  'phones',
  'visitors',
] as const

export async function openOffice(parts: OfficeParts): Promise<Office> {
  const broker = await openBroker(parts)
  const reader = openReader(broker, parts)
  await reader.ready
  return {
    port: broker.port,
    async close() {
      await reader.close()
      await broker.close()
    },
  }
}

async function openBroker({ host, port, onLink }: OfficeParts): Promise<Broker> {
  const onPublish = (topic: string, payload: Buffer) => {
    const upTo = topic.endsWith('/stored')
      ? /"aggregates":\{"upTo":(\d{1,12})/.exec(payload.toString())?.[1]
      : undefined
    if (upTo) onLink({ storedUpTo: Number(upTo) })
  }
  try {
    return await startBroker({ host, port, onPublish })
  } catch (error) {
    if (systemCode(error) !== 'EADDRINUSE') throw error
    return startBroker({ host, port: 0, onPublish })
  }
}

function openReader({ url }: Broker, { organisation, onRelease, onSignal, onLink }: OfficeParts): Reader {
  return startReader({
    url,
    root: `drempel/v1/${organisation}`,
    stored: true,
    // Anybody on this machine may publish here; only what fits the feed is shown.
    accepts: (kind, message) =>
      expected.some((one) => one === kind && (fits(one, message) || (isSignal(kind) && fits('void', message)))),
    // Nothing of a shopper is kept here, so there is nothing left once the end of an agreement was read.
    erases: true,
    onRelease({ gateway, kind, seq, message, text }) {
      if (isSignal(kind)) return onSignal(message)
      // Of the shop as a whole there is no zone in its id, nor in its topic.
      const zone = kind === 'visitors' ? '' : `/${String(message.id).split('/')[3]}`
      onRelease(`drempel/v1/${gateway}/${kind}${zone}`, text)
      onLink({ seq })
    },
    onNotice(_gateway, kind, { state }) {
      if (kind === 'status') onLink({ isOnline: state === 'online' })
    },
  })
}

function isSignal(kind: string): boolean {
  return signals.some((one) => one === kind)
}
