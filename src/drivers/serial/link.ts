import { randomInt } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { createDecoder, type SerialSettings } from '../decoders.ts'
import type { DriverHealth, Hear } from '../reading.ts'
import { createStateTeller } from '../state.ts'
import { type Device, openDevice } from './device.ts'
import type { FrameDecoder } from './framer.ts'
import { createModbusDecoder } from './modbus.ts'
import { answerTime, createPoller, type Poller } from './poller.ts'
import { lostReason, openReason, silenceReason } from './reasons.ts'
import { createWatch } from './watch.ts'

const second = 1000
const firstDelay = 0.5 * second
const longestDelay = 30 * second

export interface LinkParts {
  readonly clock: Clock
  readonly log: Log
  readonly hear: Hear
}

export interface Link {
  /** Begins to try, and tries until closed. */
  open(): void
  close(): Promise<void>
  health(): Omit<DriverHealth, 'sensor'>
}

/**
 * Keeps one sensor connected: opens its device, opens it again with back-off when it is lost, and when it is silent
 * listens on meanwhile. The decoder lives through all that, so the totals of a counter outlive its cable.
 */
export function createLink(settings: SerialSettings, { clock, log, hear }: LinkParts): Link {
  const state = createStateTeller(settings.id, { clock, log, hear })
  const watch = createWatch(clock, silenceOf(settings), silent)
  const { decoder, poller } = createEars(settings, { clock, hear, alive })
  let device: Device | undefined
  let work = Promise.resolve()
  // Since the sensor was last understood, or the port opened.
  let bytes = 0
  let failures = 0
  let cancelRetry: (() => void) | undefined
  let isClosed = false

  function alive(at: number): void {
    failures = 0
    bytes = 0
    watch.heard(at)
    state.up(at)
    if (!cancelRetry) return
    cancelRetry()
    cancelRetry = undefined
    watch.start()
  }

  function heard(chunk: Uint8Array): void {
    bytes += chunk.length
    const at = clock.monotonic()
    const { frames } = decoder
    decoder.push(chunk, at)
    if (poller) poller.heard()
    else if (decoder.frames > frames) alive(at)
  }

  async function reopen(): Promise<void> {
    cancelRetry = undefined
    await release()
    if (isClosed) return
    try {
      device = await openDevice(settings, { heard, lost: () => tryLater(lostReason(settings)) })
    } catch (error) {
      return tryLater(openReason(settings, error))
    }
    if (isClosed) return release()
    bytes = 0
    watch.start()
    poller?.start(device.write)
  }

  function release(): Promise<void> {
    watch.stop()
    poller?.stop()
    const closing = device?.close()
    device = undefined
    return closing ?? Promise.resolve()
  }

  function silent(): void {
    tryLater(silenceReason(settings, { bytes, exception: poller?.refusal() }))
  }

  function tryLater(reason: string): void {
    if (isClosed) return
    state.down(reason)
    cancelRetry?.()
    cancelRetry = clock.after(delayAfter(failures++), begin)
  }

  function begin(): void {
    work = work.then(reopen)
  }

  return {
    open: begin,
    async close() {
      isClosed = true
      cancelRetry?.()
      await release()
      await work
    },
    health: () => ({ ...state.current(), dropped: decoder.dropped }),
  }
}

interface Ears {
  readonly decoder: FrameDecoder
  readonly poller?: Poller
}

/** What understands the bytes. Frames that come by themselves show life; a device that is asked, by a full round. */
function createEars(
  settings: SerialSettings,
  { clock, hear, alive }: { clock: Clock; hear: Hear; alive: (at: number) => void },
): Ears {
  if (settings.kind === 'modbus-counter') {
    const decoder = createModbusDecoder(settings, hear)
    const poller = createPoller({ settings, clock, decoder, roundDone: () => alive(clock.monotonic()) })
    return { decoder, poller }
  }
  const decoder = createDecoder(settings, (reading) => {
    // First that it is alive, then what it says.
    alive(reading.at)
    hear(reading)
  })
  return { decoder }
}

/** How long a sensor may say nothing and still be alive, in ms. */
function silenceOf(settings: SerialSettings): number {
  if (settings.kind === 'json-lines') return 25 * second
  if (settings.kind !== 'modbus-counter') return 3 * second
  return Math.max(3 * second, 3 * settings.pollSeconds * second + settings.registers.length * answerTime)
}

/** 0.5 s, doubling to 30 s; the half of it at random, so that many sensors do not knock in step. */
function delayAfter(failures: number): number {
  const delay = Math.min(longestDelay, firstDelay * 2 ** Math.min(failures, 10))
  return delay / 2 + randomInt(Math.ceil(delay / 2) + 1)
}
