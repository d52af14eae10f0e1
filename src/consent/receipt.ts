import { type Static, Type } from 'typebox'
import { fromBase64url } from '../base/base-codes.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import { createValidator, toDraft2020 } from '../base/json-schema.ts'
import { isSignedBy, keyIdOf, type Signer } from './box-keys.ts'
import { unpackReceipt } from './receipt-code.ts'

/**
 * What a shopper holds: who was told what, when and until when, signed by the box, readable by anyone, and with the secret
 * that takes it back. Field names are those of the Kantara Consent Receipt 1.1 where it has them (ISO/IEC TS 27560 builds on
 * it); `handle`, `notice`, `secret`, `keyId` and `profile` are ours. The box keeps no copy, and of the secret a keyed hash.
 */
const closed = { additionalProperties: false }
const short = Type.String({ minLength: 1, maxLength: 300 })
const random16 = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' })

const receiptPurpose = Type.Object(
  {
    purpose: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    consentType: Type.Literal('EXPLICIT'),
    piiCategory: Type.Array(short, { maxItems: 8 }),
    primaryPurpose: Type.Boolean(),
    /** When it ends by itself, ISO 8601. */
    termination: short,
    thirdPartyDisclosure: Type.Boolean(),
    thirdPartyName: Type.String({ maxLength: 300 }),
    handle: random16,
    notice: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
  },
  closed,
)

const receiptSchema = Type.Object(
  {
    version: Type.Literal('KI-CR-v1.1.0'),
    profile: Type.Literal('drempel-receipt/1'),
    jurisdiction: Type.String({ pattern: '^[A-Z]{2}$' }),
    /** Seconds since 1970. */
    consentTimestamp: Type.Integer({ minimum: 0 }),
    collectionMethod: short,
    consentReceiptID: short,
    publicKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    keyId: Type.String({ pattern: '^[A-Za-z0-9_-]{16}$' }),
    language: Type.String({ pattern: '^[a-z]{2}$' }),
    piiPrincipalId: random16,
    piiControllers: Type.Array(Type.Object({ piiController: short, contact: short }, closed), {
      minItems: 1,
      maxItems: 4,
    }),
    policyUrl: Type.String({ maxLength: 300 }),
    services: Type.Array(
      Type.Object({ service: short, purposes: Type.Array(receiptPurpose, { minItems: 1, maxItems: 16 }) }, closed),
      { minItems: 1, maxItems: 1 },
    ),
    sensitive: Type.Literal(false),
    spiCat: Type.Array(short, { maxItems: 0 }),
    secret: random16,
  },
  closed,
)

export type Receipt = Static<typeof receiptSchema>

/** What a receipt tells, of a record or of a visit. */
export interface ReceiptSource {
  readonly id: string
  readonly principal: string
  readonly jurisdiction: string
  readonly language: string
  /** Ms since 1970. */
  readonly agreedAt: number
  readonly method: string
  readonly controller: { readonly name: string; readonly contact: string }
  /** The store as people know it. */
  readonly service: string
  readonly policyUrl: string
  readonly purposes: readonly AgreedPurpose[]
}

export interface AgreedPurpose {
  readonly purpose: string
  readonly handle: string
  readonly notice: string
  /** Ms since 1970. */
  readonly until: number
  readonly recipient: string
}

/** The receipt's one text, signed: save it, or pack it into a QR code. @param secret 16 bytes */
export function issueReceipt(source: ReceiptSource, secret: Buffer, signer: Signer): string {
  const { controller } = source
  const receipt: Receipt = {
    version: 'KI-CR-v1.1.0',
    profile: 'drempel-receipt/1',
    jurisdiction: source.jurisdiction,
    consentTimestamp: Math.floor(source.agreedAt / 1000),
    collectionMethod: source.method,
    consentReceiptID: source.id,
    publicKey: signer.publicKey.toString('base64url'),
    keyId: signer.keyId,
    language: source.language,
    piiPrincipalId: source.principal,
    piiControllers: [{ piiController: controller.name, contact: controller.contact }],
    policyUrl: source.policyUrl,
    services: [{ service: source.service, purposes: source.purposes.map((one) => purposeOf(one, controller.name)) }],
    sensitive: false,
    spiCat: [],
    secret: secret.toString('base64url'),
  }
  const signature = signer.sign(Buffer.from(canonicalJson(receipt))).toString('base64url')
  return canonicalJson({ ...receipt, signature })
}

function purposeOf({ purpose, handle, notice, until, recipient }: AgreedPurpose, controller: string) {
  const isThird = recipient !== controller
  return {
    purpose,
    consentType: 'EXPLICIT' as const,
    piiCategory: ['presence in the shop'],
    primaryPurpose: false,
    termination: new Date(until).toISOString(),
    thirdPartyDisclosure: isThird,
    thirdPartyName: isThird ? recipient : '',
    handle,
    notice,
  }
}

/** What reading a receipt gives. `valid` says that the key with this id signed it: whose key that is, the shop's sign says. */
export type ReceiptCheck =
  | { readonly state: 'valid'; readonly receipt: Receipt; readonly keyId: string }
  | { readonly state: 'invalid'; readonly why: string }

const longest = 16 * 1024
let validate: ReturnType<typeof createValidator> | undefined

/**
 * Reads a receipt as it was saved or as it stands in a QR code, and checks it with nothing but itself. Never throws.
 * @param keyId of the box that must have signed it; without it any box may have
 */
export function verifyReceipt(text: string, keyId?: string): ReceiptCheck {
  const plain = text.length > longest ? undefined : (unpackReceipt(text.trim()) ?? text.trim())
  const parsed = plain === undefined ? undefined : parse(plain)
  if (!parsed) return invalid('It is no receipt, or not all of one.')
  const { signature, ...receipt } = parsed
  validate ??= createValidator(toDraft2020(receiptSchema))
  if (!validate(receipt)) return invalid('It is no receipt, or not all of one.')
  return judge(receipt as Receipt, signature, keyId)
}

/** Secret and handles of a receipt as it was saved, of its code, or the secret alone; undefined for anything else. */
export function readReceipt(text: string): { secret: string; handles: readonly string[] } | undefined {
  if (fromBase64url(text, 16)) return { secret: text, handles: [] }
  const read = verifyReceipt(text)
  if (read.state !== 'valid') return undefined
  const { secret, services } = read.receipt
  return { secret, handles: services.flatMap(({ purposes }) => purposes.map(({ handle }) => handle)) }
}

function judge(receipt: Receipt, signature: unknown, keyId: string | undefined): ReceiptCheck {
  const publicKey = fromBase64url(receipt.publicKey, 32)
  const signed = typeof signature === 'string' ? fromBase64url(signature, 64) : undefined
  if (!publicKey || !signed || keyIdOf(publicKey) !== receipt.keyId)
    return invalid('Its key and its signature do not fit.')
  if (!isSignedBy(publicKey, Buffer.from(canonicalJson(receipt)), signed)) {
    return invalid('Its signature does not hold: something in it was changed.')
  }
  if (keyId !== undefined && keyId !== receipt.keyId) return invalid('Another box signed it.')
  return { state: 'valid', receipt, keyId: receipt.keyId }
}

function invalid(why: string): ReceiptCheck {
  return { state: 'invalid', why }
}

/** A receipt has one text. What reads the same in another is none, so that no two readers see two things in it. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && canonicalJson(value) === text ? { ...value } : undefined
  } catch {
    return undefined
  }
}
