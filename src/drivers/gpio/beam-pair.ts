import type { Clock } from '../../base/clock.ts'
import { minute, second } from '../../base/duration.ts'
import { describeError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Driver, DriverHealth, Hear } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import { watchWithEither } from './either.ts'
import { watchWithGpiomon } from './gpiomon.ts'
import { type BeamLine, type BeamOffsets, type Level, type LineWatch, offsetOf, type WatchLines } from './lines.ts'
import { watchWithOnoff } from './onoff.ts'

type BeamPairSettings = SensorOf<'beam-pair'>

const longestWait = minute

export interface BeamPairParts {
  readonly clock: Clock
  readonly log: Log
}

/** Hears two light beams on the pin header. What is missing or taken shows as a state; it keeps trying with back-off. */
export function createBeamPairDriver(settings: BeamPairSettings, parts: BeamPairParts): Driver {
  return new BeamPair(settings, parts)
}

class BeamPair implements Driver {
  readonly sensor: string
  readonly #settings: BeamPairSettings
  readonly #parts: BeamPairParts
  readonly #offsets: BeamOffsets
  #hear: Hear = () => {}
  #watch: LineWatch | undefined
  /** The attempt under way; `close` waits for it. */
  #attempt: Promise<void> = Promise.resolve()
  #cancelRetry: (() => void) | undefined
  #closing = new AbortController()
  #failures = 0
  #dropped = 0
  #state: 'up' | 'down' = 'down'
  #reason: string | undefined = 'It was not opened yet.'
  #upSince = 0
  #last: Partial<Record<BeamLine, 0 | 1>> = {}
  #lastAt = 0

  constructor(settings: BeamPairSettings, parts: BeamPairParts) {
    this.sensor = settings.id
    this.#settings = settings
    this.#parts = parts
    this.#offsets = { outer: offsetOf(settings.outer), inner: offsetOf(settings.inner) }
  }

  async open(hear: Hear): Promise<void> {
    this.#hear = hear
    this.#closing = new AbortController()
    this.#attempt = this.#try()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancelRetry?.()
    await this.#attempt
    const watch = this.#watch
    this.#watch = undefined
    await watch?.close()
    this.#state = 'down'
    this.#reason = 'It was closed.'
  }

  health(): DriverHealth {
    const health = { sensor: this.sensor, state: this.#state, dropped: this.#dropped }
    return this.#reason === undefined ? health : { ...health, reason: this.#reason }
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #try(): Promise<void> {
    let isOver = false
    const watchLines = watchers[this.#settings.driver]
    try {
      const watch = await watchLines(
        this.#offsets,
        {
          changed: (line, level, at) => !isOver && this.#changed(line, level, at),
          dropped: () => this.#dropped++,
          lost: (error) => {
            isOver = true
            this.#lost(error)
          },
        },
        { clock: this.#parts.clock, signal: this.#closing.signal },
      )
      if (this.#isClosed() || isOver) return await watch.close()
      this.#held(watch)
    } catch (error) {
      if (!this.#isClosed()) this.#failed(error)
    }
  }

  #held(watch: LineWatch): void {
    const at = this.#parts.clock.monotonic()
    this.#watch = watch
    this.#upSince = at
    this.#last = {}
    this.#say('up', undefined)
    this.#changed('outer', watch.levels.outer, at)
    this.#changed('inner', watch.levels.inner, at)
  }

  #changed(line: BeamLine, level: Level, at: number): void {
    const broken = meaningOf(level, this.#settings.broken)
    if (this.#isClosed() || this.#last[line] === broken) return
    this.#last[line] = broken
    this.#lastAt = Math.max(this.#lastAt, at)
    this.#hear({ kind: 'edge', sensor: this.sensor, line, level: broken, at: this.#lastAt })
  }

  #lost(error: Error): void {
    if (this.#isClosed()) return
    const watch = this.#watch
    this.#watch = undefined
    if (this.#parts.clock.monotonic() - this.#upSince >= longestWait) this.#failures = 0
    this.#failed(error, watch?.close())
  }

  #failed(error: unknown, closing?: Promise<void>): void {
    this.#say('down', describeError(error))
    const wait = Math.min(second * 2 ** this.#failures, longestWait)
    this.#failures++
    if (closing) this.#attempt = closing
    this.#cancelRetry = this.#parts.clock.after(wait, () => {
      this.#attempt = Promise.resolve(closing).then(() => this.#try())
    })
  }

  #say(state: 'up' | 'down', reason: string | undefined): void {
    if (state === this.#state && reason === this.#reason) return
    this.#state = state
    this.#reason = reason
    this.#lastAt = Math.max(this.#lastAt, this.#parts.clock.monotonic())
    const said = { kind: 'state', sensor: this.sensor, at: this.#lastAt, state } as const
    this.#hear(reason === undefined ? said : { ...said, reason })
    if (state === 'up') this.#parts.log.info({ sensor: this.sensor }, 'beams are heard')
    else this.#parts.log.warn({ sensor: this.sensor, reason }, 'beams are not heard')
  }
}

function meaningOf(level: Level, broken: BeamPairSettings['broken']): 0 | 1 {
  return (level === 1) === (broken === 'high') ? 1 : 0
}

const watchers: Record<BeamPairSettings['driver'], WatchLines> = {
  auto: watchWithEither,
  gpiomon: watchWithGpiomon,
  onoff: watchWithOnoff,
}
