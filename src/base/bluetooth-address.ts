import { createAesKey } from './aes.ts'

/** What the first bits of a Bluetooth address say (Core Specification 5.4, Vol 6 Part B, 1.3). */
export type AddressClass = 'public' | 'static' | 'resolvable' | 'non-resolvable' | 'reserved'

const classes: readonly AddressClass[] = ['non-resolvable', 'resolvable', 'reserved', 'static']

/** @param address six bytes, in the order in which people write them */
export function addressClass(type: 'public' | 'random', address: Uint8Array): AddressClass {
  return type === 'public' ? 'public' : classes[address[0]! >> 6]!
}

/** The address as people write it: upper-case pairs with `separator` between them. */
export function spellAddress(address: Uint8Array, separator = ':'): string {
  const view = Buffer.from(address.buffer, address.byteOffset, address.length)
  return view.toString('hex').toUpperCase().match(/../g)!.join(separator)
}

/**
 * The place in `keys` of the identity resolving key (IRK) that made this address, or -1. Tries them all, keeps nothing.
 * One random address in 16 million fits a key by chance.
 */
export type ResolveAddress = (address: Uint8Array) => number

/**
 * Core Specification 5.4, Vol 3 Part H, 2.2.2: the lower half of a resolvable address is a hash of its upper half.
 * @param keys 16 bytes each, most significant first; some tools print them the other way round
 */
export function createResolver(keys: readonly Uint8Array[]): ResolveAddress {
  const ciphers = keys.map(createAesKey)
  return (address) => {
    const random = (address[0]! << 16) | (address[1]! << 8) | address[2]!
    const hash = (address[3]! << 16) | (address[4]! << 8) | address[5]!
    for (let i = 0; i < ciphers.length; i++) {
      if ((ciphers[i]!.lastWord(random) & 0xffffff) === hash) return i
    }
    return -1
  }
}
