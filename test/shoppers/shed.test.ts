import { afterEach, beforeEach, expect, it } from 'vitest'
import { hour, minute, second } from '../../src/base/duration.ts'
import { aBox, type Box, join30, receiptOf } from './box.ts'

let box: Box
beforeEach(() => {
  box = aBox()
  box.pass(second)
})
afterEach(() => box.remove())

it('the end of an agreement that was shed for want of room is told anew, and not confirmed before', () => {
  const [alice, bob] = [receiptOf(box.inTheShop(join30)), receiptOf(box.inTheShop(join30))]
  const erasure = () => {
    const seen = box.ask({ ask: 'see', secret: alice.secret })
    return seen.state === 'seen' && seen.erasure
  }
  box.ask({ ask: 'leave', secret: alice.secret })
  const { outbox, database } = box.storage
  const end = outbox.lastSeq('signals')
  // As when the oldest messages go for want of room.
  database.connection.prepare('DELETE FROM outbox_signals WHERE seq = ?').run(end)
  box.ask({ ask: 'leave', secret: bob.secret })
  outbox.acknowledged('signals', [1, 2, 3, 4, end + 1])
  outbox.trim('signals', { upTo: end + 1, missing: [[end, end]], erasedUpTo: end - 1 })
  box.pass(hour + minute, minute)
  const anew = box.sent().find(({ handle, event }) => handle === alice.handles[0] && event === 'withdrawn')
  expect(anew).toBeDefined()
  // The gap was filled, and head office has erased up to what came after it.
  outbox.trim('signals', { upTo: end + 1, missing: [], erasedUpTo: end + 1 })
  expect(erasure()).toBe('asked')
  const last = outbox.lastSeq('signals')
  outbox.trim('signals', { upTo: last, missing: [], erasedUpTo: last })
  expect(erasure()).toBe('confirmed')
})
