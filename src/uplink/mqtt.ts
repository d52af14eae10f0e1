import { readFileSync } from 'node:fs'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { type IClientOptions, type IClientPublishOptions, type IConnackPacket, MqttClient } from 'mqtt'
import { second } from '../base/duration.ts'
import { GatewayError, systemCode } from '../base/errors.ts'
import type { Protocol } from './courier-words.ts'
import { type Cause, explainFailure, type Failure } from './failure.ts'
import { encodeNotice, type Identity, isOutgoing, type Outgoing, rootTopic } from './feed.ts'
import { schemaVersion } from './schema-notices.ts'
import type { UpstreamSettings } from './settings.ts'

/**
 * One connection to the broker, from dialling to its end: the only file of the uplink that touches the network.
 * mqtt.js neither reconnects nor queues here; it is given a message only while connected and within the window.
 */
export interface Link {
  /** @param expiry seconds until the message is of no use any more; only MQTT 5 brokers hear of it */
  publish(ticket: number, outgoing: Outgoing, expiry: number | null): void
  /** Says goodbye, so that the last will stays unsaid. */
  close(): Promise<void>
  /** Drops the connection; no event follows. */
  destroy(): void
}

export interface LinkEvents {
  connected(limits: { receiveMaximum: number; maximumPacketSize: number }): void
  /** PUBACK; a reason of 0x80 or more is a refusal. */
  answered(ticket: number, reason: number): void
  stored(payload: Buffer, isRetained: boolean): void
  request(payload: Buffer): void
  /** The broker does not let this box read `stored`. */
  deaf(): void
  /** Exactly once, unless the link was closed or destroyed. */
  lost(failure: Failure): void
}

export interface LinkParts {
  readonly upstream: UpstreamSettings
  readonly identity: Identity
  readonly protocol: Protocol
  /** Number of this connection; the last will carries it. */
  readonly session: number
  /** Whether shoppers' questions are listened to. */
  readonly hearsRequests: boolean
}

const keepalive = 30
const connectTimeout = 15 * second
const goodbyeTime = second
const largestPacket = 268_435_455

/** Dials. @throws UPLINK_TLS_FILE when a certificate or key cannot be read */
export function openLink(parts: LinkParts, events: LinkEvents): Link {
  const { upstream, identity, protocol } = parts
  const secureContext = readTls(upstream)
  const stored = `${rootTopic(identity)}stored`
  const request = `${rootTopic(identity)}request`
  let cause: Cause = { wasConnected: false }
  let isOver = false

  const client = new MqttClient(() => {
    const socket = openSocket(upstream, secureContext)
    socket.on('error', (error) => note({ code: systemCode(error) ?? 'unknown' }))
    return socket
  }, clientOptions(parts))

  /** The first thing that went wrong tells most; what follows is its echo. */
  function note(what: Partial<Cause>): void {
    if (cause.code === undefined && cause.reason === undefined) cause = { ...cause, ...what }
  }

  function over(): void {
    if (isOver) return
    isOver = true
    client.end(true)
    events.lost(explainFailure(cause))
  }

  client.on('connect', (connack) => {
    cause = { wasConnected: true }
    client.subscribe(stored, { qos: 1 }, (error, grants) => {
      const isRefused = error !== null || grants?.some(({ qos }) => qos >= 0x80)
      if (isRefused && !isOver && client.connected) events.deaf()
    })
    // A broker that refuses this one only keeps shoppers from asking: their page says so.
    if (parts.hearsRequests) client.subscribe(request, { qos: 1 }, () => {})
    if (!isOver) events.connected(limitsOf(connack))
  })
  client.on('message', (topic, payload, packet) => {
    if (isOver) return
    if (topic === stored) events.stored(payload, packet.retain)
    // Nobody asks for good: a retained question would come anew at each connection.
    if (topic === request && !packet.retain) events.request(payload)
  })
  client.on('disconnect', (packet) => note(packet.reasonCode === undefined ? {} : { reason: packet.reasonCode }))
  client.on('error', (error) => {
    note(causeOf(error))
    over()
  })
  client.on('close', over)

  function publish(ticket: number, outgoing: Outgoing, expiry: number | null): void {
    if (!isOutgoing(outgoing)) throw new GatewayError('PRIVACY_NOT_MINTED', 'It came to the network.')
    client.publish(outgoing.topic, outgoing.bytes, publishOptions(outgoing, protocol, expiry), (error) => {
      if (isOver) return
      if (!error) events.answered(ticket, 0)
      else if ('code' in error && typeof error.code === 'number') events.answered(ticket, error.code)
    })
  }

  return {
    publish,
    close() {
      isOver = true
      const { promise, resolve } = Promise.withResolvers<void>()
      // Once it began to end in peace, mqtt.js waits for the broker for ever and cannot be told to hurry.
      const giveUp = setTimeout(() => {
        client.stream.destroy()
        resolve()
      }, goodbyeTime)
      client.end(false, {}, () => resolve())
      return promise.finally(() => clearTimeout(giveUp))
    },
    destroy() {
      isOver = true
      client.end(true)
    },
  }
}

function clientOptions({ upstream, identity, protocol, session }: LinkParts): IClientOptions {
  const will = encodeNotice('status', { state: 'offline', session }, identity)
  return {
    protocolVersion: protocol,
    clientId: `drempel-${identity.organisation}-${identity.store}-${identity.gateway}`,
    // The outbox remembers what is under way; a session at the broker would only double it.
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    keepalive,
    connectTimeout,
    will: { topic: will.topic, payload: will.bytes, qos: will.qos, retain: will.retain },
    ...(upstream.username === undefined ? {} : { username: upstream.username }),
    ...(upstream.password === undefined ? {} : { password: upstream.password }),
  }
}

function publishOptions({ qos, retain }: Outgoing, protocol: Protocol, expiry: number | null): IClientPublishOptions {
  if (protocol === 4) return { qos, retain }
  return {
    qos,
    retain,
    properties: {
      payloadFormatIndicator: true,
      contentType: 'application/json',
      userProperties: { schema: schemaVersion },
      ...(expiry === null ? {} : { messageExpiryInterval: expiry }),
    },
  }
}

function limitsOf({ properties }: IConnackPacket): { receiveMaximum: number; maximumPacketSize: number } {
  return {
    receiveMaximum: properties?.receiveMaximum ?? 65_535,
    maximumPacketSize: properties?.maximumPacketSize ?? largestPacket,
  }
}

function causeOf(error: Error): Partial<Cause> {
  if ('code' in error && typeof error.code === 'number') return { reason: error.code }
  if (/timeout/i.test(error.message)) return { code: 'ETIMEDOUT' }
  return { code: systemCode(error) ?? 'unknown' }
}

function openSocket(upstream: UpstreamSettings, secureContext: SecureContext | null): Socket {
  const { hostname, port } = new URL(upstream.url)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (!secureContext) return connectPlain({ host, port: Number(port) || 1883, noDelay: true })
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port: Number(port) || 8883, ...servername, secureContext }).setNoDelay(true)
}

/** Read at each connect, so that a renewed certificate counts without a restart. Null for plain MQTT. */
function readTls(upstream: UpstreamSettings): SecureContext | null {
  if (!upstream.url.startsWith('mqtts:')) return null
  const files = (['ca', 'cert', 'key'] as const).flatMap((name) => {
    const file = upstream[name]
    return file === undefined ? [] : [[name, readPem(name, file)] as const]
  })
  try {
    return createSecureContext(Object.fromEntries(files))
  } catch (cause) {
    const detail = `They cannot be used together (${systemCode(cause)}).`
    const fix = 'upstream.ca, cert and key are PEM files; key is the private key of cert.'
    throw new GatewayError('UPLINK_TLS_FILE', detail, { fix, cause })
  }
}

function readPem(name: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const detail = `upstream.${name}: ${file} (${systemCode(cause)}).`
    throw new GatewayError('UPLINK_TLS_FILE', detail, { fix: 'Check the path and who may read the file.', cause })
  }
}
