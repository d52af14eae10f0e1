import type { Clock } from '../../base/clock.ts'
import { second } from '../../base/duration.ts'
import { systemBusPaths } from '../../base/system-bus.ts'
import type { HearAdvert } from './bus/advert-ear.ts'
import type { Pattern } from './bus/monitor-answers.ts'
import { type BusReader, openBusReader } from './bus/reader.ts'
import { openControl } from './control.ts'
import type { Rung } from './ladder.ts'
import { createProof } from './proof.ts'
import { type Refusal, Refused, refusalOf } from './refusal.ts'
import { type Scan, type ScanMode, startScan } from './scan.ts'

/** Keeps a scan going, whatever happens to bus, BlueZ and adapter. */
export interface Antenna {
  /** Begins to try, and tries until closed. */
  open(): void
  isScanning(): boolean
  mode(): ScanMode | undefined
  /** To be called every few seconds. */
  look(at: number): void
  /** Something of what was asked for was heard. */
  heardWanted(): void
  /** Takes a step of the ladder; the reset itself is asked for by the caller. */
  renew(rung: Rung): void
  /** Messages that could not be understood since start. */
  dropped(): number
  close(): Promise<void>
}

export interface AntennaParts {
  readonly adapter: string
  readonly clock: Clock
  readonly patterns: readonly Pattern[]
  readonly heard: HearAdvert
  readonly scanning: () => void
  readonly refused: (refusal: Refusal) => void
}

const firstDelay = 0.5 * second
const longestDelay = 30 * second
/** With its power off an adapter forgets what ailed it. */
const powerPause = second
/** A reset adapter takes its time to come back, and says so when it does. */
const resetPause = 15 * second

export function createAntenna(parts: AntennaParts): Antenna {
  const { adapter, clock, patterns } = parts
  let reader: BusReader | undefined
  let scan: Scan | undefined
  let isClosed = true
  /** What happened since makes an attempt begun earlier worthless. */
  let turn = 0
  let attempting: Promise<void> | undefined
  let isWanted = false
  let needsPowerCycle = false
  let mayWatch = false
  let failures = 0
  let cancelRetry = () => {}
  let droppedBefore = 0
  let activation = Promise.withResolvers<void>()
  const proof = createProof(clock, () => renew('rebuild'))

  function begin(): void {
    cancelRetry()
    if (isClosed) return
    isWanted = true
    attempting ??= attempts()
  }

  async function attempts(): Promise<void> {
    while (isWanted && !isClosed) {
      isWanted = false
      await attempt()
    }
    attempting = undefined
  }

  async function attempt(): Promise<void> {
    const mine = ++turn
    try {
      reader ??= await openReader()
      await endScan()
      if (needsPowerCycle) await cyclePower()
      mayWatch = !proof.isBroken(clock.monotonic())
      const begun = await startScan({
        adapter,
        clock,
        patterns,
        reader,
        nextActivation,
        avoidsMonitor: !mayWatch,
        isStale: () => mine !== turn,
      })
      if (isClosed || mine !== turn) return await begun.stop()
      scan = begun
      failures = 0
      proof.began(clock.monotonic())
      parts.scanning()
    } catch (error) {
      if (!isClosed && mine === turn) failed(refusalOf(error))
    }
  }

  async function openReader(): Promise<BusReader> {
    let isOpen = false
    let isOver = false
    const opened = await openBusReader({
      paths: systemBusPaths(),
      adapter,
      clock,
      on: {
        advert: parts.heard,
        adapterChanged({ powered, discovering }) {
          // An attempt under way has turned it on itself.
          if (powered === true && !scan && !attempting) begin()
          if (powered === false && scan) lost('busy')
          if (discovering === false && scan?.mode === 'discovery') lost('busy')
        },
        adapterAdded: () => retryAfter(firstDelay),
        adapterRemoved: () => lost('no-adapter'),
        ownerChanged(isPresent) {
          if (!isPresent) lost('no-bluez')
          else if (isOpen) returned()
        },
        monitorActivated: () => activation.resolve(),
        monitorReleased: () => scan?.mode === 'monitor' && lost('busy'),
        closed() {
          isOver = true
          if (isOpen) readerLost()
        },
      },
    })
    if (isOver) throw new Refused('no-bus')
    isOpen = true
    return opened
  }

  function readerLost(): void {
    endReader()
    lost('no-bus')
  }

  function endReader(): void {
    droppedBefore += reader?.stats().malformed ?? 0
    reader?.close()
    reader = undefined
  }

  function nextActivation(): Promise<void> {
    activation = Promise.withResolvers()
    return activation.promise
  }

  function returned(): void {
    proof.forget()
    turn++
    begin()
  }

  /** What scanned does so no longer, and not because we wanted it. */
  function lost(refusal: Refusal): void {
    turn++
    proof.stop()
    if (refusal === 'no-bluez' && mayWatch) proof.died(clock.monotonic())
    scan?.control.close()
    scan = undefined
    if (!isClosed) failed(refusal)
  }

  function failed(refusal: Refusal): void {
    parts.refused(refusal)
    retryAfter(Math.min(firstDelay * 2 ** failures++, longestDelay))
  }

  function retryAfter(delay: number): void {
    cancelRetry()
    if (!isClosed) cancelRetry = clock.after(delay, begin)
  }

  async function endScan(): Promise<void> {
    const ending = scan
    scan = undefined
    proof.stop()
    await ending?.stop()
  }

  async function cyclePower(): Promise<void> {
    needsPowerCycle = false
    const control = await openControl(adapter, clock)
    try {
      await control.power(false)
      await new Promise<void>((resolve) => void clock.after(powerPause, resolve))
    } finally {
      control.close()
    }
  }

  function renew(rung: Rung): void {
    if (rung === 'power-cycle') needsPowerCycle = true
    if (rung === 'restart') endReader()
    turn++
    if (rung === 'reset') retryAfter(resetPause)
    else begin()
  }

  return {
    open() {
      isClosed = false
      begin()
    },
    isScanning: () => scan !== undefined,
    mode: () => scan?.mode,
    look(at) {
      if (scan) proof.look(at, scan)
    },
    heardWanted: proof.heardWanted,
    renew,
    dropped: () => droppedBefore + (reader?.stats().malformed ?? 0),
    async close() {
      isClosed = true
      turn++
      cancelRetry()
      await attempting
      await endScan()
      endReader()
    },
  }
}
