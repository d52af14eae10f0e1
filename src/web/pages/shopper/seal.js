// Seals a question so that only the box can read it, and opens its answer; whoever carries them learns neither.
// Only what a browser and Node both have, so that tests run it as it is.

const version = 1
const pointLength = 65
const ivLength = 12
const questionStep = 1024
const encoder = new TextEncoder()

/**
 * @param {object} question
 * @param {string} askKey the box's public key, base64url
 * @returns what to send, and what opens the answer to exactly this question
 */
export async function sealQuestion(question, askKey) {
  const box = fromBase64url(askKey)
  const { publicKey, privateKey } = await crypto.subtle.generateKey(curve, false, ['deriveBits'])
  const own = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  const [forQuestion, forAnswer] = await keysOf(privateKey, own, box)
  const head = Uint8Array.of(version, ...own)
  const iv = crypto.getRandomValues(new Uint8Array(ivLength))
  const text = padded(encoder.encode(JSON.stringify(question)), questionStep)
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: head }, forQuestion, text)
  return {
    sealed: toBase64url(Uint8Array.of(...head, ...iv, ...new Uint8Array(sealed))),
    open: (answer) => openAnswer(answer, forAnswer, own),
  }
}

const curve = { name: 'ECDH', namedCurve: 'P-256' }

async function keysOf(privateKey, own, box) {
  const point = await crypto.subtle.importKey('raw', box, curve, false, [])
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: point }, privateKey, 256)
  const material = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits'])
  const from = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: Uint8Array.of(...own, ...box),
    info: encoder.encode('drempel ask/1'),
  }
  const bits = new Uint8Array(await crypto.subtle.deriveBits(from, material, 512))
  return Promise.all([bits.slice(0, 32), bits.slice(32)].map(aesKey))
}

function aesKey(bytes) {
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

async function openAnswer(answer, key, own) {
  const bytes = fromBase64url(answer)
  if (bytes[0] !== version) throw new Error('an answer of another version')
  const iv = bytes.slice(1, 1 + ivLength)
  const sealed = bytes.slice(1 + ivLength)
  const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: own }, key, sealed)
  return JSON.parse(new TextDecoder().decode(text))
}

// All questions are as long as each other, or nearly, so that their length tells nothing.
function padded(text, step) {
  const filled = new Uint8Array(Math.ceil(text.length / step) * step).fill(0x20)
  filled.set(text)
  return filled
}

/** The short name of a box's key, as the QR code in the shop says it. */
export async function keyIdOf(askKey) {
  const digest = await crypto.subtle.digest('SHA-256', fromBase64url(askKey))
  return toBase64url(new Uint8Array(digest).slice(0, 12))
}

export function toBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

export function fromBase64url(text) {
  const signs = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(signs, (sign) => sign.charCodeAt(0))
}

export const lengths = { point: pointLength, iv: ivLength, step: questionStep }
