const kinds = ['Uint8Array', 'Uint16Array', 'Int32Array', 'Uint32Array'] as const

/** Keeps an eye on every buffer that is made until `restore`. */
export function watchBuffers() {
  const seen: (Uint8Array | Uint16Array | Int32Array | Uint32Array)[] = []
  const originals = kinds.map((kind) => [kind, globalThis[kind]] as const)
  for (const [kind, original] of originals) {
    const watched = new Proxy(original, {
      construct(target, args) {
        const made = Reflect.construct(target, args)
        seen.push(made)
        return made
      },
    })
    Object.assign(globalThis, { [kind]: watched })
  }
  return {
    get count() {
      return seen.length
    },
    /** Those in which the address stands, in any of the ways in which it may. */
    holding(address: readonly number[]) {
      const shapes = shapesOf(address)
      return seen.filter(({ buffer }) => shapes.some((shape) => Buffer.from(buffer).includes(shape)))
    },
    restore: () => void Object.assign(globalThis, Object.fromEntries(originals)),
  }
}

/** As text with _ or :, as bytes forwards and backwards, and the four last of them as a number is stored. */
function shapesOf(address: readonly number[]): Buffer[] {
  const digits = address.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase())
  const bytes = Buffer.from(address)
  const reversed = Buffer.from(address.toReversed())
  return [Buffer.from(digits.join('_')), Buffer.from(digits.join(':')), bytes, reversed, reversed.subarray(0, 4)]
}
