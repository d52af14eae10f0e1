// Asks the box. Every question but the offer is sealed here, in the browser.
import { keyIdOf, sealQuestion } from './seal.js'

/** The box's key is not the one that the QR code in the shop named: somebody may be in between. */
export class WrongKey extends Error {}
/** Nobody answers. */
export class Unreachable extends Error {}

const needsFresh = ['check-in', 'join', 'arrive', 'change', 'resume', 'tag-token']

/**
 * @param offer what the page came with; null when it must be fetched
 * @param scannedKeyId the key's name from the QR code, if somebody scanned it
 */
export function createDesk(language, offer, scannedKeyId) {
  let known = offer

  async function fetchOffer() {
    const response = await send(`offer?language=${language}`)
    if (!response.ok) throw new Unreachable()
    known = await response.json()
    return known
  }

  async function checkedKey() {
    const { askKey, askKeyId } = known ?? (await fetchOffer())
    const id = await keyIdOf(askKey)
    if (id !== askKeyId || (scannedKeyId && id !== scannedKeyId)) throw new WrongKey()
    return askKey
  }

  async function once(question) {
    const askKey = await checkedKey()
    const asked = needsFresh.includes(question.ask) ? { ...question, fresh: known.fresh } : question
    return post(asked, askKey, [])
  }

  return {
    /** The answer. What only took too long is asked once more, with a fresh offer. */
    async ask(question) {
      const answer = await once(question)
      if (answer.why !== 'stale') return answer
      await fetchOffer()
      return once(question)
    },
    /** A leave may find the box off: then it is kept for it, and head office erases by the handles. */
    async leave(secret, handles, keptKey) {
      const askKey = keptKey ?? (await checkedKey())
      return post({ ask: 'leave', secret }, askKey, handles)
    },
    /** The key, to keep beside a receipt for when the box is off. */
    askKey: checkedKey,
    offer: async () => known ?? fetchOffer(),
  }
}

async function post(question, askKey, erase) {
  const { sealed, open } = await sealQuestion(question, askKey)
  const body = JSON.stringify(erase.length > 0 ? { sealed, erase } : { sealed })
  const response = await send('ask', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (response.status === 202) return { state: 'kept' }
  if (response.status === 429) return { state: 'declined', why: 'too-many-tries' }
  if (!response.ok) throw new Unreachable()
  return open((await response.json()).sealed)
}

async function send(path, options = {}) {
  try {
    return await fetch(path, { cache: 'no-store', credentials: 'omit', ...options })
  } catch {
    throw new Unreachable()
  }
}
