import { describeError } from '../base/errors.ts'
import type { ShopperParts } from './words.ts'

/** Whose grants cannot be read is told of no more: what waits about anybody is voided. */
export function voidAll({ database, outbox, log }: Pick<ShopperParts, 'database' | 'outbox' | 'log'>): void {
  try {
    const all = new Set(outbox.shoppers().map(({ handle }) => handle))
    if (all.size === 0) return
    outbox.withRoom(() => database.transaction(() => outbox.voidAbout(all)))
    database.forgetOldVersions()
  } catch (error) {
    log.error(describeError(error))
  }
}
