/**
 * AES-128 of one block (FIPS 197), for the one use where node:crypto cannot serve: an address is tried with up to 50 keys at
 * every advert, and each call there takes longer than the whole advert may and leaves a copy of the result on the heap. Here
 * nothing is allocated. Its time depends on its input, which whoever hears the radio knows anyway, and, for whoever shares
 * the processor, on the key; never for a secret message.
 */
export interface AesKey {
  /**
   * The last word of the cipher of a block that is zero but for its last word.
   * @param word that word, big-endian
   */
  lastWord(word: number): number
  /** Enciphers a block where it stands. @param block four words, big-endian */
  encrypt(block: Int32Array): void
  /** Overwrites the key. Whatever is enciphered from then on says nothing of it. */
  forget(): void
}

const rounds = 10
const { sbox, tables } = createTables()
const [t0, t1, t2, t3] = tables

/** @param key 16 bytes, most significant first */
export function createAesKey(key: Uint8Array): AesKey {
  const k = expand(key)
  return {
    lastWord(word) {
      let a = k[0]!
      let b = k[1]!
      let c = k[2]!
      let d = k[3]! ^ word
      for (let at = 4; at < 4 * rounds; at += 4) {
        const nextA = column(a, b, c, d) ^ k[at]!
        const nextB = column(b, c, d, a) ^ k[at + 1]!
        const nextC = column(c, d, a, b) ^ k[at + 2]!
        d = column(d, a, b, c) ^ k[at + 3]!
        a = nextA
        b = nextB
        c = nextC
      }
      return lastColumn(d, a, b, c) ^ k[4 * rounds + 3]!
    },
    encrypt(block) {
      let a = block[0]! ^ k[0]!
      let b = block[1]! ^ k[1]!
      let c = block[2]! ^ k[2]!
      let d = block[3]! ^ k[3]!
      for (let at = 4; at < 4 * rounds; at += 4) {
        const nextA = column(a, b, c, d) ^ k[at]!
        const nextB = column(b, c, d, a) ^ k[at + 1]!
        const nextC = column(c, d, a, b) ^ k[at + 2]!
        d = column(d, a, b, c) ^ k[at + 3]!
        a = nextA
        b = nextB
        c = nextC
      }
      block[0] = lastColumn(a, b, c, d) ^ k[4 * rounds]!
      block[1] = lastColumn(b, c, d, a) ^ k[4 * rounds + 1]!
      block[2] = lastColumn(c, d, a, b) ^ k[4 * rounds + 2]!
      block[3] = lastColumn(d, a, b, c) ^ k[4 * rounds + 3]!
    },
    forget: () => void k.fill(0),
  }
}

/** SubBytes, ShiftRows and MixColumns of one column, in four look-ups. */
function column(a: number, b: number, c: number, d: number): number {
  return t0[a >>> 24]! ^ t1[(b >>> 16) & 0xff]! ^ t2[(c >>> 8) & 0xff]! ^ t3[d & 0xff]!
}

// The last round mixes no columns.
function lastColumn(a: number, b: number, c: number, d: number): number {
  return (sbox[a >>> 24]! << 24) | (sbox[(b >>> 16) & 0xff]! << 16) | (sbox[(c >>> 8) & 0xff]! << 8) | sbox[d & 0xff]!
}

/** The key schedule: four words a round and four to begin with. */
function expand(key: Uint8Array): Int32Array {
  const words = new Int32Array(4 * (rounds + 1))
  for (let i = 0; i < 16; i++) words[i >> 2]! |= key[i]! << (24 - 8 * (i & 3))
  let constant = 1
  for (let i = 4; i < words.length; i++) {
    let word = words[i - 1]!
    if (i % 4 === 0) {
      word = lastColumn(word << 8, word << 8, word << 8, word >>> 24) ^ (constant << 24)
      constant = double(constant)
    }
    words[i] = words[i - 4]! ^ word
  }
  return words
}

/** Times x in the field of AES. */
function double(byte: number): number {
  return (byte << 1) ^ (byte & 0x80 ? 0x11b : 0)
}

function createTables() {
  const sbox = createSbox()
  const mixed = (turn: number) =>
    Int32Array.from(sbox, (s) => {
      const word = (double(s) << 24) | (s << 16) | (s << 8) | (double(s) ^ s)
      return (word >>> turn) | (word << (32 - turn))
    })
  return { sbox, tables: [mixed(0), mixed(8), mixed(16), mixed(24)] as const }
}

// 3 generates the field: p runs through its elements and q through their inverses.
function createSbox(): Uint8Array {
  const sbox = new Uint8Array(256)
  sbox[0] = 0x63
  for (let p = 1, q = 1, first = true; first || p !== 1; first = false) {
    p ^= double(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q = (q & 0x80 ? q ^ 0x09 : q) & 0xff
    sbox[p] = 0x63 ^ q ^ turned(q, 1) ^ turned(q, 2) ^ turned(q, 3) ^ turned(q, 4)
  }
  return sbox
}

function turned(byte: number, bits: number): number {
  return ((byte << bits) | (byte >>> (8 - bits))) & 0xff
}
