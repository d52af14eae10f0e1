import { createCipheriv, createDecipheriv, createECDH, createHash, type ECDH, hkdfSync, randomBytes } from 'node:crypto'

/**
 * A shopper's question, sealed for the key of one box, and the box's answer, sealed for the one who asked: P-256 ECDH with
 * a key made for this question alone, HKDF-SHA256, AES-256-GCM. Browsers do the same with WebCrypto. Whoever carries the
 * bytes learns how long they are, which is one of few lengths, and when.
 *
 * Limit: it is sealed for the key that the asker was given. A page that comes from the carrier can name another key, so
 * the sign in the shop carries the key's id; a page that is itself false cannot be helped by that.
 */
export interface AskPair {
  /** Uncompressed point, 65 bytes. */
  readonly publicKey: Buffer
  /** 16 signs. */
  readonly keyId: string
  /** The secret shared with whoever holds the private key of `ephemeral`; undefined when that is no point of the curve. */
  agree(ephemeral: Buffer): Buffer | undefined
}

export interface OpenedQuestion {
  /** Whatever JSON it held: not checked. */
  readonly question: unknown
  /** The asker's key, one a question: to notice a repeat. */
  readonly ephemeral: Buffer
  /** @throws RangeError when the answer is longer than `mostAnswer` */
  seal(answer: object): Buffer
}

export interface SealedQuestion {
  readonly bytes: Buffer
  /** What the box answered; undefined when it was not the box, or not to this question. */
  open(answer: Buffer): unknown
}

const version = 1
const pointLength = 65
const ivLength = 12
const tagLength = 16
const headLength = 1 + pointLength
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

/** Plaintext is padded to a multiple of these, so that its length tells little. */
export const questionStep = 1024
export const answerStep = 4096
export const mostQuestion = 8 * questionStep
export const mostAnswer = 16 * answerStep
/** Bytes of the shortest question and of the longest, sealed. */
export const shortestSealed = headLength + ivLength + questionStep + tagLength
export const longestSealed = headLength + ivLength + mostQuestion + tagLength
export const longestSealedAnswer = 1 + ivLength + mostAnswer + tagLength

/** The box's pair for questions, always the same one for a seed of 32 bytes. */
export function boxAskPair(privateSeed: Buffer): AskPair {
  if (privateSeed.length !== 32) throw new RangeError('a seed has 32 bytes')
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(scalarOf(privateSeed))
  const publicKey = ecdh.getPublicKey()
  return { publicKey, keyId: askKeyId(publicKey), agree: (ephemeral) => agreed(ecdh, ephemeral) }
}

/** First 12 bytes of SHA-256, base64url: short enough for a sign. */
export function askKeyId(publicKey: Buffer): string {
  return createHash('sha256').update(publicKey).digest().subarray(0, 12).toString('base64url')
}

/** FIPS 186-5 A.2.1: 64 bits more than needed, so that the remainder is as good as evenly spread, and never zero. */
function scalarOf(seed: Buffer): Buffer {
  const wide = Buffer.from(hkdfSync('sha256', seed, '', 'drempel ask key/1', 40))
  const scalar = (BigInt(`0x${wide.toString('hex')}`) % (order - 1n)) + 1n
  wide.fill(0)
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
}

function agreed(ecdh: ECDH, point: Buffer): Buffer | undefined {
  // OpenSSL would also take the compressed and hybrid spellings of a point.
  if (point.length !== pointLength || point[0] !== 4) return undefined
  try {
    return ecdh.computeSecret(point)
  } catch {
    return undefined
  }
}

/** Opens what was sealed for this box. Undefined for everything else; never throws. */
export function openQuestion(pair: AskPair, bytes: Buffer): OpenedQuestion | undefined {
  if (!isSealedQuestion(bytes)) return undefined
  const head = bytes.subarray(0, headLength)
  // A copy: what was handed in may be a part of a larger buffer that is used again.
  const ephemeral = Buffer.from(head.subarray(1))
  const shared = pair.agree(ephemeral)
  const keys = shared && keysOf(shared, ephemeral, pair.publicKey)
  const text = keys && decrypt(keys.request, bytes.subarray(headLength), head)
  if (!text) return undefined
  const question = parse(text)
  if (question === undefined) return undefined
  return { question, ephemeral, seal: (answer) => sealedAnswer(keys.answer, ephemeral, answer) }
}

/** Has it the outer form of a sealed question? All that its carrier can know. */
export function isSealedQuestion(bytes: Buffer): boolean {
  const padded = bytes.length - (headLength + ivLength + tagLength)
  return bytes[0] === version && padded >= questionStep && padded <= mostQuestion && padded % questionStep === 0
}

/** Has it the outer form of a sealed answer? */
export function isSealedAnswer(bytes: Buffer): boolean {
  const padded = bytes.length - (1 + ivLength + tagLength)
  return bytes[0] === version && padded >= answerStep && padded <= mostAnswer && padded % answerStep === 0
}

/**
 * What a shopper's page does, for programs and tests.
 * @throws RangeError when `boxPublicKey` is no point or the question is longer than `mostQuestion`
 */
export function sealQuestion(boxPublicKey: Buffer, question: object): SealedQuestion {
  const ecdh = createECDH('prime256v1')
  const ephemeral = ecdh.generateKeys()
  const shared = agreed(ecdh, boxPublicKey)
  if (!shared) throw new RangeError('this is no public key of a box')
  const keys = keysOf(shared, ephemeral, boxPublicKey)
  const head = Buffer.concat([Buffer.of(version), ephemeral])
  const plain = padded(question, questionStep, mostQuestion)
  return {
    bytes: Buffer.concat([head, encrypt(keys.request, plain, head)]),
    open(answer) {
      if (!isSealedAnswer(answer)) return undefined
      const text = decrypt(keys.answer, answer.subarray(1), ephemeral)
      return text && parse(text)
    },
  }
}

function sealedAnswer(key: Buffer, ephemeral: Buffer, answer: object): Buffer {
  return Buffer.concat([Buffer.of(version), encrypt(key, padded(answer, answerStep, mostAnswer), ephemeral)])
}

function keysOf(shared: Buffer, ephemeral: Buffer, box: Buffer): { request: Buffer; answer: Buffer } {
  const both = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, box]), 'drempel ask/1', 64))
  shared.fill(0)
  return { request: both.subarray(0, 32), answer: both.subarray(32) }
}

function padded(value: object, step: number, most: number): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  if (text.length > most) throw new RangeError(`it has more than ${most} bytes`)
  const bytes = Buffer.alloc(Math.max(step, Math.ceil(text.length / step) * step), ' ')
  text.copy(bytes)
  return bytes
}

/** iv, ciphertext, tag */
function encrypt(key: Buffer, plain: Buffer, associated: Buffer): Buffer {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associated)
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Buffer, sealed: Buffer, associated: Buffer): Buffer | undefined {
  const end = sealed.length - tagLength
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivLength), { authTagLength: tagLength })
  decipher.setAAD(associated).setAuthTag(sealed.subarray(end))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivLength, end)), decipher.final()])
  } catch {
    return undefined
  }
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}
