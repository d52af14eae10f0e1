/**
 * The one way of writing a JSON value (JCS, RFC 8785): keys in order of their UTF-16 units, no spaces, numbers and texts as
 * ECMAScript writes them. Two that mean the same have the same bytes, so these can be hashed and signed.
 * @throws TypeError for what JSON cannot say: NaN, undefined, half a surrogate pair
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) return objectText(value)
  if (typeof value === 'string') return stringText(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON has no such number')
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value)
  throw new TypeError(`JSON has no ${typeof value}`)
}

function objectText(value: object): string {
  const plain: unknown = Object.getPrototypeOf(value)
  if (plain !== Object.prototype && plain !== null) throw new TypeError('JSON has plain objects only')
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${stringText(key)}:${canonicalJson(Reflect.get(value, key))}`).join(',')}}`
}

function stringText(text: string): string {
  // I-JSON (RFC 7493), which JCS builds on, has whole characters only.
  if (!text.isWellFormed()) throw new TypeError('half a surrogate pair is no text')
  return JSON.stringify(text)
}
