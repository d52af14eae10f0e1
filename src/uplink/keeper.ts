import { minute, second } from '../base/duration.ts'
import { GatewayError, isStorageFull } from '../base/errors.ts'
import type { CourierAction } from './courier-words.ts'
import { encodeVoid, type Outgoing } from './feed.ts'
import { isEnd } from './outbox-signals.ts'
import type { Batch, Outbox } from './outbox-words.ts'

/** Does at the outbox what the courier wants. Storage may fail; then nothing is forgotten and rows are sent again. */
export interface Keeper {
  /**
   * @param shop wall ms of the shop's clock
   * @param connected ms since the connection began
   */
  read(action: CourierAction & { do: 'read' }, shop: number, connected: number): Batch
  store(action: CourierAction & { do: 'acknowledge' | 'refuse' | 'pack' | 'trim' }): void
  /** A signal may have been taken back between its reading and its turn. */
  asItIsNow(outgoing: Outgoing): Outgoing
  sweep(): void
}

/** A leave that waited while this box was away comes first: signals are held for so long. */
const signalsWait = 2 * second

const nothingFor = (inMs: number): Batch => ({ rows: [], upTo: 0, isEnd: true, inMs })

/** What does not lie here any more cannot be taken back either: nobody is named, but for the end of an agreement. */
function withoutRow(outgoing: Outgoing): Outgoing {
  return isEnd(outgoing) ? outgoing : encodeVoid(outgoing)
}

export function createKeeper(outbox: Outbox, onError: (error: unknown) => void): Keeper {
  function guarded<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      onError(isStorageFull(error) ? new GatewayError('BASE_STORAGE_FULL') : error)
      return undefined
    }
  }

  return {
    read({ lane, again, after, limit }, shop, connected) {
      const ask = () => (again ? outbox.again(lane, after, limit) : outbox.due(lane, after, limit, shop))
      const batch = guarded(ask) ?? nothingFor(minute)
      const mustWait = lane === 'signals' && batch.rows.length > 0 && connected < signalsWait
      return mustWait ? nothingFor(signalsWait - connected) : batch
    },
    store(action) {
      guarded(() => {
        if (action.do === 'trim') outbox.trim(action.lane, action.stored)
        if (action.do === 'acknowledge') outbox.acknowledged(action.lane, action.seqs)
        if (action.do === 'refuse') outbox.refused(action.lane, action.seqs)
        if (action.do === 'pack') outbox.packed(action.lane, action.seqs)
      })
    },
    asItIsNow(outgoing) {
      const { lane, seq } = outgoing
      if (lane !== 'signals' || seq === null) return outgoing
      return guarded(() => outbox.message(lane, seq)) ?? withoutRow(outgoing)
    },
    sweep: () => void guarded(() => outbox.sweep()),
  }
}
