import type { Slot } from './calendar.ts'
import type { PeopleLine } from './people.ts'
import type { Missing, NumberName, People, ReleasedWindow, Series } from './release.ts'

/** What happened in one slot, exact. Lives in memory only and goes in here to come out blurred. */
export interface Closing {
  readonly series: Series
  readonly slot: Slot
  readonly seq: number
  /** Exact numbers; null when there is a reason that there are none. */
  readonly counts: Exact | null
  readonly missing: Missing | null
  /** 0 to 1, unrounded. */
  readonly coverage: number
  /** Only for what is made from windows: those of the day, or since the shop opened, as they were released. */
  readonly windows?: readonly ReleasedWindow[]
  /** Thousandths of epsilon of each number of these windows. */
  readonly windowMilli?: number | undefined
  /** Only for phones: how many people a blurred number of devices stands for, as far as released numbers tell. */
  readonly peopleLine?: PeopleLine | undefined
  /** `{store}/{gateway}` and the hash of the policy in force. */
  readonly origin: string
  readonly policy: string
}

export interface Counts {
  readonly in: number
  readonly out: number
}

/** Exact numbers by the name under which they are released: people of a window or day, devices, stays by length, or visitors. */
export type Exact =
  | Counts
  | { readonly devices: number }
  | { readonly stays: readonly number[] }
  | { readonly visitors: number }

/** On its way through the recipe. */
export interface Work extends Closing {
  /** Blurred; null or absent where there is none. */
  readonly numbers: Numbers
  readonly noise95: number
  readonly people: People | null
}

/** By their names on the wire. */
export type Numbers = { readonly [name in Exclude<NumberName, 'stays'>]?: number | null } & {
  readonly stays?: readonly number[] | null
}
