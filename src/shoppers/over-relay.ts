import type { AnswerValue } from '../uplink/feed.ts'
import type { AskRequest } from '../uplink/requests.ts'
import type { Shoppers } from './words.ts'

/** All shoppers behind the relay are one source: whose tries these are only the relay knows, and it keeps nothing. */
const source = 'relay'

/**
 * Answers what comes over the relay, as the box's own page would. What was not sealed for this box gets no answer, so that
 * a leave is repeated until it was understood.
 */
export function answerOverRelay(
  shoppers: Pick<Shoppers, 'answer' | 'ask'>,
  answer: (nonce: string, value: AnswerValue) => boolean,
): (request: AskRequest) => void {
  return ({ nonce, sealed, offer }) => {
    if (offer !== undefined) {
      const offered = shoppers.answer({ ask: 'offer', language: offer }, source)
      if (offered.state === 'offer') answer(nonce, offered)
      return
    }
    const answered = sealed && shoppers.ask(sealed, source)
    if (answered) answer(nonce, { sealed: answered.toString('base64url') })
  }
}
