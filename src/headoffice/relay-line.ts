import { randomUUID } from 'node:crypto'
import { connect } from 'mqtt'
import { second } from '../base/duration.ts'
import { sayGoodbye } from './goodbye.ts'

/** The relay's line to the broker: questions out, answers and the boxes' own `status` in. It reads neither. */
export interface RelayLine {
  readonly isConnected: boolean
  /** True once the broker has it; false when it is not connected or will not take it. */
  ask(shop: string, message: object): Promise<boolean>
  close(): Promise<void>
}

export interface RelayLineParts {
  readonly url: string
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  readonly username?: string
  readonly password?: string
  readonly organisation: string
}

/** `shop` is `{store}/{gateway}`. */
export interface RelayLineEvents {
  connected(): void
  lost(): void
  status(shop: string, payload: Buffer): void
  answer(shop: string, nonce: string, payload: Buffer): void
}

export function openRelayLine(parts: RelayLineParts, events: RelayLineEvents): RelayLine {
  const { url, tls, organisation, username, password } = parts
  const root = `drempel/v1/${organisation}`
  // MQTT 3.1.1 is spoken by every broker, and nothing here needs more.
  const client = connect(url, {
    ...tls,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clientId: `drempel-relay-${randomUUID()}`,
    protocolVersion: 4,
    reconnectPeriod: second,
    queueQoSZero: false,
  })
  client.on('error', () => {})
  client.on('connect', () => {
    client.subscribe([`${root}/+/+/status`, `${root}/+/+/answer/+`], { qos: 1 }, (error) => {
      if (!error) events.connected()
    })
  })
  client.on('close', events.lost)
  client.on('message', (topic, payload, { retain }) => {
    const [, , , store, gateway, kind, nonce] = topic.split('/')
    const shop = `${store}/${gateway}`
    if (kind === 'status') events.status(shop, payload)
    // An answer that lies at the broker for good is nobody's.
    if (kind === 'answer' && nonce && !retain) events.answer(shop, nonce, payload)
  })

  return {
    get isConnected() {
      return client.connected
    },
    ask(shop, message) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      if (client.connected) {
        client.publish(`${root}/${shop}/request`, JSON.stringify(message), { qos: 1 }, (error) => resolve(!error))
      } else resolve(false)
      return promise
    },
    async close() {
      await sayGoodbye(client)
    },
  }
}
