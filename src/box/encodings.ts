import type { Spelling } from './spellings.ts'

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Every way in which bytes may be packed into text, at every position they may have there. */
export function encodingsOf({ label, bytes }: Spelling): Spelling[] {
  const texts = [...inBase64(bytes), ...inBase32(bytes), ['hex', bytes.toString('hex')] as const]
  const all = [...texts, ['upper hex', bytes.toString('hex').toUpperCase()] as const]
  return all.map(([name, text]) => ({ label: `${label}, ${name}`, bytes: Buffer.from(text) }))
}

/** What else happens to a text: two bytes a letter, escapes of URLs, JSON and HTML. */
export function textEncodingsOf({ label, bytes }: Spelling): Spelling[] {
  const text = bytes.toString()
  const escaped = encodeURIComponent(text)
  const strict = escaped.replace(/[!'()*~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  const forms = [
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['Latin-1', Buffer.from(text, 'latin1')],
    ['URL escapes', escaped],
    ['URL escapes in lower case', escaped.replace(/%../g, (code) => code.toLowerCase())],
    ['strict URL escapes', strict],
    ['escapes of URL forms', strict.replaceAll('%20', '+')],
    ['JSON escapes', jsonEscaped(text)],
    ['HTML escapes', text.replace(/[&<>"']/g, (letter) => htmlEscapes.get(letter)!)],
  ] as const
  return forms.map(([name, form]) => ({ label: `${label}, ${name}`, bytes: Buffer.from(form) }))
}

const htmlEscapes = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

function jsonEscaped(text: string): string {
  const quoted = JSON.stringify(text).slice(1, -1)
  return quoted.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function inBase64(bytes: Buffer): (readonly [string, string])[] {
  return [0, 1, 2].flatMap((shift) => {
    const text = inAlphabet(bytes, shift, 6, base64)
    const forUrls = text.replaceAll('+', '-').replaceAll('/', '_')
    return [
      [`base64 ${shift} bytes in`, text],
      [`base64url ${shift} bytes in`, forUrls],
    ] as const
  })
}

function inBase32(bytes: Buffer): (readonly [string, string])[] {
  return [0, 1, 2, 3, 4].flatMap((shift) => {
    const text = inAlphabet(bytes, shift, 5, base32)
    return [
      [`base32 ${shift} bytes in`, text],
      [`lower base32 ${shift} bytes in`, text.toLowerCase()],
    ] as const
  })
}

/** The letters that depend on these bytes only, when `shift` unknown bytes stand before them. */
function inAlphabet(bytes: Buffer, shift: number, width: 5 | 6, alphabet: string): string {
  const padded = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(1)])
  const end = Math.floor((8 * (shift + bytes.length)) / width)
  let text = ''
  for (let letter = Math.ceil((8 * shift) / width); letter < end; letter++) {
    const bit = letter * width
    const pair = padded.readUInt16BE(bit >> 3)
    text += alphabet[(pair >> (16 - width - (bit & 7))) & (alphabet.length - 1)]
  }
  return text
}
