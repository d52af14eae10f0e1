import { checksumsOf, type Digest, digestsOf, type Known } from './digests.ts'
import { encodingsOf, textEncodingsOf } from './encodings.ts'
import { type Identifier, listedFormsOf, printedFormsOf, rawFormsOf, type Spelling } from './spellings.ts'

/** A row of bytes that betrays an identifier, with a label that does not. */
export interface Needle {
  readonly label: string
  readonly bytes: Buffer
  /** Counts only where no letter or digit touches it: too short to be looked for within longer ones. */
  readonly standsAlone: boolean
}

/**
 * Four bytes are found by chance in every few gigabytes, and with a thousand needles in every few megabytes, so that
 * nobody would believe the finding. A name of four letters, a raw CRC-32 and anything cut to 16 bits cannot be looked for.
 */
export const shortestNeedle = 5

/** A cut hash keeps its beginning: what is found in the first 8 bytes is found in the whole as well. */
const digestBytes = 8
/** The letters of base64 that 8 bytes decide alone. */
const digestLetters = 10

/**
 * Everything that somebody might leave of these identifiers, in an order that depends on the input only. Of two needles
 * with the same bytes the first stays. Throws RangeError when an identifier itself is too short.
 */
export function needlesOf(identifiers: readonly Identifier[], known: readonly Known[]): Needle[] {
  const needles = new Map<string, Needle>()
  for (const identifier of identifiers) {
    refuseShort(identifier)
    for (const needle of needlesOfOne(identifier, known)) {
      if (needle.bytes.length < shortestNeedle) continue
      const key = needle.bytes.toString('latin1')
      if (!needles.has(key)) needles.set(key, { ...needle, label: `${identifier.name}: ${needle.label}` })
    }
  }
  return [...needles.values()]
}

function refuseShort(identifier: Identifier): void {
  const size = 'text' in identifier ? Buffer.byteLength(identifier.text) : identifier.bytes.length
  if (size < shortestNeedle) throw new RangeError(`${identifier.name} has fewer than ${shortestNeedle} bytes`)
}

function* needlesOfOne(identifier: Identifier, known: readonly Known[]): Generator<Needle> {
  const [raw, printed] = [rawFormsOf(identifier), printedFormsOf(identifier)]
  const spelled = [...raw, ...printed, ...listedFormsOf(identifier), ...printed.flatMap(textEncodingsOf)]
  const encoded = [...raw, ...printed].flatMap(encodingsOf)
  for (const { label, bytes } of [...spelled, ...encoded]) yield { label, bytes, standsAlone: false }
  for (const spelling of [...raw, ...printed]) {
    for (const digest of digestsOf(spelling, known)) yield* writtenDigest(digest)
    for (const { label, bytes } of checksumsOf(spelling, known)) yield { label, bytes, standsAlone: true }
  }
}

function writtenDigest({ label, digest }: Digest): Needle[] {
  // Copied, since a part of the digest would keep all of it in memory, a hundred thousand times.
  const bytes = Buffer.from(digest.subarray(0, digestBytes))
  const hex = bytes.toString('hex')
  const base64 = bytes.toString('base64').slice(0, digestLetters)
  const forms: Spelling[] = [
    { label: `${label}, bytes`, bytes },
    { label: `${label}, hex`, bytes: Buffer.from(hex) },
    { label: `${label}, upper hex`, bytes: Buffer.from(hex.toUpperCase()) },
    { label: `${label}, base64`, bytes: Buffer.from(base64) },
    { label: `${label}, base64url`, bytes: Buffer.from(base64.replaceAll('+', '-').replaceAll('/', '_')) },
  ]
  return forms.map((form) => ({ ...form, standsAlone: false }))
}
