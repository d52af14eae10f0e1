import type { Clock } from '../../base/clock.ts'
import { second } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { DriverHealth, OptInToken } from '../reading.ts'
import { createAdvertisements } from './advertisement.ts'
import { type Control, openControl } from './control.ts'
import { Refused, refusalOf } from './refusal.ts'

/**
 * Says the token of the shop by Bluetooth, so that who is near need not read it from the screen. It is a convenience: where
 * it cannot be, it says so once and the radio goes on.
 */
export interface OptInBeacon {
  /** Begins to ask for tokens and to say them, until closed. */
  open(): void
  /** BlueZ or the adapter went away, or was set up anew: what was said may not be said any more. */
  changed(isBack: boolean): void
  state(): BeaconState
  close(): Promise<void>
}

export type BeaconState = NonNullable<DriverHealth['beacon']>

export interface OptInBeaconParts {
  readonly sensor: string
  readonly adapter: string
  readonly clock: Clock
  readonly log: Log
  readonly optIn: () => OptInToken | null
}

/** A shop that opens or closes is noticed within this. */
const lookEvery = second
const soonest = 10
const firstDelay = 0.5 * second
const longestDelay = 30 * second
/** BlueZ shows the adapter before it shows that it can advertise, and a radio that was just turned on may refuse once. */
const timesUntilTold = 3
/** Two, by turns: the new token is on the air before the old one leaves it. */
const paths = ['/drempel/token0', '/drempel/token1'] as const

export function createOptInBeacon({ sensor, adapter, clock, log, optIn }: OptInBeaconParts): OptInBeacon {
  const advertisements = createAdvertisements(() => changed(false))
  let control: Control | undefined
  let said: { readonly path: string; readonly token: Buffer; readonly turn: number } | undefined
  /** What happened since makes what was said before doubtful. */
  let turn = 0
  let isClosed = true
  let isWanted = false
  let attempting: Promise<void> | undefined
  let cancel = () => {}
  let failures = 0
  let trouble: 'unsupported' | 'refused' | undefined
  let troubles = 0
  let told: BeaconState = 'off'

  function begin(): void {
    cancel()
    if (isClosed) return
    isWanted = true
    attempting ??= attempts()
  }

  async function attempts(): Promise<void> {
    let delay = 0
    while (isWanted && !isClosed) {
      isWanted = false
      delay = await attempt()
    }
    attempting = undefined
    if (!isClosed) cancel = clock.after(delay, begin)
  }

  /** @returns how long to wait before the next one */
  async function attempt(): Promise<number> {
    const wanted = optIn()
    if (!wanted) {
      silence()
      trouble = undefined
      return lookEvery
    }
    let isReady = false
    try {
      if (!isSaid(wanted.token)) {
        const open = await readied()
        isReady = true
        await say(open, Buffer.from(wanted.token))
      }
      return Math.min(Math.max(wanted.changesInMs, soonest), lookEvery)
    } catch (error) {
      silence()
      note(isReady ? troubleOf(error) : undefined)
      return Math.min(firstDelay * 2 ** failures++, longestDelay)
    }
  }

  function isSaid(token: Buffer): boolean {
    return said !== undefined && said.turn === turn && said.token.equals(token)
  }

  async function readied(): Promise<Control> {
    if (!control) {
      control = await openControl(adapter, clock)
      control.serve(advertisements.answer)
    }
    if (said?.turn === turn) return control
    if (!(await control.hasAdapter())) throw new Refused('no-adapter')
    // BlueZ takes it in all the same, and nobody hears it. Turning it on is the scan's business.
    if (!(await control.isPowered())) throw new Refused('busy')
    return control
  }

  async function say(open: Control, token: Buffer): Promise<void> {
    const [mine, before] = [turn, said?.path]
    const path = paths.find((one) => one !== before) ?? paths[0]
    advertisements.put(path, token)
    await replace(open, path, before)
    said = { path, token, turn: mine }
    failures = 0
    note('on')
  }

  // Not by changing the properties of one that is registered: BlueZ takes such a change without telling whether the radio did.
  async function replace(open: Control, path: string, before: string | undefined): Promise<void> {
    const stopBefore = async () => {
      // A BlueZ that was started anew knows nothing of it.
      if (before) await open.stopAdvertising(before).catch(() => {})
    }
    try {
      await open.advertise(path)
    } catch (error) {
      if (!before) throw error
      // There may be room for one only.
      await stopBefore()
      return await open.advertise(path)
    }
    await stopBefore()
  }

  /** BlueZ stops sending what a connection registered when it ends. */
  function silence(): void {
    control?.close()
    control = undefined
    said = undefined
  }

  /** What came of it. It is told when it lasts, and once. */
  function note(outcome: 'on' | 'unsupported' | 'refused' | undefined): void {
    troubles = outcome === trouble ? troubles + 1 : 1
    trouble = outcome === 'on' ? undefined : outcome
    if (outcome === undefined || outcome === told) return
    if (outcome !== 'on' && troubles < timesUntilTold) return
    told = outcome
    if (outcome === 'on') log.info({ sensor }, 'The opt-in beacon says the token.')
    else log.warn({ sensor }, sentenceOf(outcome, adapter))
  }

  function changed(isBack: boolean): void {
    turn++
    if (!isBack) return
    failures = 0
    begin()
  }

  return {
    open() {
      isClosed = false
      begin()
    },
    changed,
    state: () => (said?.turn === turn ? 'on' : (trouble ?? 'off')),
    async close() {
      isClosed = true
      cancel()
      await attempting
      silence()
    },
  }
}

/** What it means that a radio which is there and on does not advertise; undefined when it went away meanwhile. */
function troubleOf(error: unknown): 'unsupported' | 'refused' | undefined {
  switch (refusalOf(error)) {
    case 'no-adapter':
      return 'unsupported'
    case 'denied':
    case 'failed':
      return 'refused'
    default:
      return undefined
  }
}

/** One sentence for staff, with what to do. */
function sentenceOf(trouble: 'unsupported' | 'refused', adapter: string): string {
  const instead = 'The token stands on the screen all the same.'
  if (trouble === 'unsupported') return `${adapter} cannot advertise, so there is no opt-in beacon. ${instead}`
  return `BlueZ does not let ${adapter} advertise, so there is no opt-in beacon for now: another program may use all its room, the policy file systemd/dbus-1/drempel.conf may be missing, or the kernel has a fault. ${instead}`
}
