import { inspect } from 'node:util'

const contents = new WeakMap<object, unknown>()

/**
 * A value that may be carried but not looked at: it prints, serialises and inspects as "[sealed]".
 * It holds nothing itself, so spreading, cloning or logging one yields nothing either.
 * Not promised: secrecy from code that calls unseal, which the law test allows in two files only.
 */
export class Sealed<T> {
  declare protected readonly sealedType?: T

  toString(): string {
    return '[sealed]'
  }
  toJSON(): string {
    return '[sealed]'
  }
  [inspect.custom](): string {
    return '[sealed]'
  }
  get [Symbol.toStringTag](): string {
    return 'sealed'
  }
}

/** Seals an identifier on the line that heard it. */
export function seal<T>(value: T): Sealed<T> {
  const sealed = Object.freeze(new Sealed<T>())
  contents.set(sealed, value)
  return sealed
}

/** Opens what was sealed. Named only in privacy/pseudonym.ts and observations/recognition.ts (law 4). */
export function unseal<T>(sealed: Sealed<T>): T {
  if (!contents.has(sealed)) throw new TypeError('nothing was sealed here')
  return contents.get(sealed) as T
}
