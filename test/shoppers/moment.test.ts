import { expect, it } from 'vitest'
import { createShopperFeed } from '../../src/shoppers/feed.ts'
import { noon, testOutbox } from '../support/outbox.ts'
import { shop } from '../support/releases.ts'

it('a grant that ends between the judgement and the writing is no error, which would stop the box', () => {
  const { outbox, database, clock } = testOutbox()
  const notice = `sha256:${'a'.repeat(64)}`
  const grant = {
    handle: 'A'.repeat(22),
    purpose: 'offers',
    notice,
    validFrom: 0,
    validUntil: noon + 1,
    withdrawnAt: null,
  }
  const happening = { who: 'somebody', event: 'arrived', zone: 'entrance' } as const
  const moment = { now: noon, day: '2026-11-23', minutes: 780 }
  const parts = { database, clock, outbox, identity: shop, consents: {}, caps: { note() {} }, told: {}, wake() {} }
  const signaller = () => [{ happening, grant, notice, moment, isLasting: true }]
  const feed = createShopperFeed({ ...parts, signaller } as never)
  clock.step(1000)
  expect(() => feed.happened(happening)).not.toThrow()
  expect(outbox.lastSeq('signals')).toBe(1)
})
