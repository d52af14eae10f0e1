import type { Register } from './modbus-frame.ts'
import { mostPeople } from './plausible.ts'

/** What a register held, and when in monotonic ms. */
export interface Held {
  readonly value: number
  readonly at: number
}

// In a longer silence the device rather lost its power than wrapped.
const longestSilenceOfWrap = 10_000

/** The value that the register never reaches: there it is 0 again. */
export function modulusOf(register: Register): number {
  return register.modulus ?? 2 ** (16 * register.words)
}

/**
 * How many people the new value of a register proves, or undefined where it proves nothing (a jump that no crowd can
 * make). The first value is where counting starts. A fall is a wrap if that is plausible and nothing was silent;
 * else a fall below a tenth means that the device started again and counts from 0. Any other fall is a fault.
 */
export function peopleSince(
  register: Register,
  last: Held | undefined,
  now: Held,
  perSecond: number,
): number | undefined {
  if (!last) return 0
  const elapsed = now.at - last.at
  const most = mostPeople(elapsed, perSecond)
  const people = risen(register, last.value, now.value, elapsed <= longestSilenceOfWrap ? most : 0)
  return people !== undefined && people <= most ? people : undefined
}

function risen(register: Register, last: number, value: number, mostByWrap: number) {
  if (register.resetOnRead) return value
  if (value >= last) return value - last
  const wrapped = value - last + modulusOf(register)
  if (wrapped <= mostByWrap) return wrapped
  return value < last / 10 ? value : undefined
}
