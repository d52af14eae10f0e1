import { second } from '../../base/duration.ts'

/** How fast the virtual shop's time goes by. All its times are seconds since local midnight of the first day. */
export interface Pace {
  /** Moves on by `real` ms of the machine's time from `time`; tells where that leads. */
  after(time: number, real: number): number
  isOpen(time: number): boolean
  /** Is it so long until opening that time flies? */
  isNight(time: number): boolean
  /** When the shop opens next, at or after `time`. */
  opensAt(time: number): number
}

export interface PaceParts {
  /** Virtual seconds in a real one, while there is something to see. */
  readonly speed: number
  readonly opening: { readonly from: number; readonly to: number }
  /** How long before opening it is morning already. */
  readonly morning: number
}

const day = 86_400
/** The day's message has left and been looked at. */
const evening = 600
/** Virtual seconds in a real one at night: it is over in about twelve seconds. */
const nightSpeed = 4800

// A machine that slept or was stopped for longer does not have to catch up.
const longestStep = second / 4

export function createPace({ speed, opening, morning }: PaceParts): Pace {
  const opensAt = (time: number) => {
    const today = Math.floor(time / day) * day + opening.from
    return time <= today ? today : today + day
  }

  const isNight = (time: number) => {
    const into = time - Math.floor(time / day) * day
    const isLate = into >= opening.to + evening || into < opening.from
    return isLate && time < opensAt(time) - morning
  }

  return {
    after(time, real) {
      const step = Math.min(real, longestStep) / second
      if (!isNight(time)) return time + step * speed
      return Math.min(time + step * Math.max(speed, nightSpeed), opensAt(time) - morning)
    },
    isOpen(time) {
      const into = time - Math.floor(time / day) * day
      return opening.from <= into && into < opening.to
    },
    isNight,
    opensAt,
  }
}
