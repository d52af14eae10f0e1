import { createDecipheriv } from 'node:crypto'
import { minute } from '../../base/duration.ts'

const ivLength = 13
const counterLength = 4
const micLength = 4
const encrypted = 0x01
const withAddress = 0x02
const uuidInNonce = [0xd2, 0xfc]
const startOver = 100
const silence = minute

/** Opens what one BTHome device encrypts, each advert once. */
export interface BthomeCipher {
  /**
   * @param data service data of FCD2 after its UUID
   * @param at monotonic ms
   * @returns the same as an unencrypted device would send it; undefined if it is forged, cut off or was heard before
   */
  open(data: Uint8Array, at: number): Uint8Array | undefined
}

/**
 * AES-CCM with the device's bind key (bthome.io/encryption). The counter of an advert must be higher than the one before: a
 * repeat or a replay is refused. A lower one is taken for a device that starts over (a new battery, or the counter wrapped)
 * only while it is below 100, as bthome-ble does, and only after a minute in which nothing genuine was heard: beside a
 * living device old adverts stay refused. What was last heard is not kept over a restart of this service.
 */
export function createBthomeCipher(key: Uint8Array, address: Uint8Array): BthomeCipher {
  let last = -1
  let heardAt = Number.NEGATIVE_INFINITY

  function isFresh(counter: number, at: number): boolean {
    return counter > last || (counter < startOver && counter < last && at - heardAt >= silence)
  }

  return {
    open(data, at) {
      const sealed = parse(data)
      if (!sealed || !isFresh(sealed.counter, at)) return undefined
      const plain = decrypt(key, address, sealed)
      if (!plain) return undefined
      last = sealed.counter
      heardAt = at
      return Uint8Array.of(sealed.device & ~(encrypted | withAddress), ...plain)
    },
  }
}

interface SealedData {
  readonly device: number
  readonly text: Uint8Array
  readonly counterBytes: Uint8Array
  readonly counter: number
  readonly mic: Uint8Array
}

function parse(data: Uint8Array): SealedData | undefined {
  const device = data[0]
  if (device === undefined || (device & encrypted) === 0) return undefined
  const start = device & withAddress ? 7 : 1
  const micAt = data.length - micLength
  const counterAt = micAt - counterLength
  if (counterAt < start) return undefined
  const counterBytes = data.subarray(counterAt, micAt)
  const counter = counterBytes.reduceRight((value, byte) => value * 256 + byte, 0)
  return { device, text: data.subarray(start, counterAt), counterBytes, counter, mic: data.subarray(micAt) }
}

function decrypt(key: Uint8Array, address: Uint8Array, sealed: SealedData): Uint8Array | undefined {
  const nonce = new Uint8Array(ivLength)
  nonce.set(address)
  nonce.set(uuidInNonce, 6)
  nonce[8] = sealed.device
  nonce.set(sealed.counterBytes, 9)
  try {
    const decipher = createDecipheriv('aes-128-ccm', key, nonce, { authTagLength: micLength })
    decipher.setAuthTag(sealed.mic)
    const plain = decipher.update(sealed.text)
    decipher.final()
    return plain
  } catch {
    return undefined
  }
}
