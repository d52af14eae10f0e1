import type { Clock } from '../../base/clock.ts'

/**
 * The two lines of a beam pair as a watcher hears them: raw levels, before `broken: high|low` gives them a meaning.
 * A watcher holds both lines or neither, and says so once when it no longer does.
 */
export type BeamLine = 'outer' | 'inner'

/** What the pin carries: 1 is high. */
export type Level = 0 | 1

/** Offsets of the two lines on the chip of the pin header: GPIO17 is 17. */
export type BeamOffsets = Readonly<Record<BeamLine, number>>

export interface LineEvents {
  /** The line has had this level since `at`, monotonic ms. A level may be repeated. */
  changed(line: BeamLine, level: Level, at: number): void
  /** The lines are no longer held; `error` says why. At most once, and nothing follows it. */
  lost(error: Error): void
  /** A piece of the watcher's input could not be understood. */
  dropped(): void
}

/** Lines that are held. `close` lets go of them; it is idempotent and does not throw. */
export interface LineWatch {
  /** The levels when the lines were taken. */
  readonly levels: Readonly<Record<BeamLine, Level>>
  close(): Promise<void>
}

/**
 * Takes hold of both lines. When `signal` aborts before that, it gives up and lets go.
 * @throws GatewayError with a DRIVER_GPIO code when it cannot; nothing is held then
 */
export type WatchLines = (offsets: BeamOffsets, events: LineEvents, parts: WatchParts) => Promise<LineWatch>

export interface WatchParts {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** 'GPIO17' to 17. The configuration's schema has checked the form. */
export function offsetOf(line: string): number {
  return Number(line.slice('GPIO'.length))
}
