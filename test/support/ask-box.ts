import { createCipheriv, createDecipheriv, createECDH, createHash, hkdfSync, randomBytes } from 'node:crypto'

/**
 * The box's side of sealed questions, written from the specification alone, with Node's own crypto and nothing of src/:
 * so that the browser's file is held to the format and not to itself.
 */
export interface AskBox {
  readonly askKey: string
  readonly askKeyId: string
  /** Opens a question and seals the answer to it. @throws when it was not sealed for this box */
  answer(sealed: string, reply: (question: Record<string, unknown>) => object): string
}

export function createAskBox(): AskBox {
  const ecdh = createECDH('prime256v1')
  const own = ecdh.generateKeys()
  return {
    askKey: own.toString('base64url'),
    askKeyId: createHash('sha256').update(own).digest().subarray(0, 12).toString('base64url'),
    answer(sealed, reply) {
      const bytes = Buffer.from(sealed, 'base64url')
      const theirs = bytes.subarray(1, 66)
      const keys = Buffer.from(
        hkdfSync('sha256', ecdh.computeSecret(theirs), Buffer.concat([theirs, own]), 'drempel ask/1', 64),
      )
      const text = decrypt(keys.subarray(0, 32), bytes.subarray(66), bytes.subarray(0, 66))
      if (bytes[0] !== 1 || text.length % 1024 !== 0) throw new Error('not of this version, or not padded')
      return encrypt(keys.subarray(32), JSON.stringify(reply(JSON.parse(text.toString()))), theirs)
    },
  }
}

function decrypt(key: Buffer, message: Buffer, head: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, message.subarray(0, 12)).setAAD(head)
  cipher.setAuthTag(message.subarray(-16))
  return Buffer.concat([cipher.update(message.subarray(12, -16)), cipher.final()])
}

function encrypt(key: Buffer, text: string, head: Buffer): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(head)
  const plain = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 4096) * 4096, ' ')
  plain.write(text)
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return Buffer.concat([Buffer.of(1), iv, sealed]).toString('base64url')
}
