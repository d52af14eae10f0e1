import type { ShopperParts } from './words.ts'

/** Nothing waits about anybody but these: what does is voided, and goes from the log of the database too. */
export function voidOthers(
  { database, outbox }: Pick<ShopperParts, 'database' | 'outbox'>,
  but: ReadonlySet<string>,
): void {
  const others = new Set(outbox.shoppers().flatMap(({ handle }) => (but.has(handle) ? [] : [handle])))
  if (others.size > 0) outbox.withRoom(() => database.transaction(() => outbox.voidAbout(others)))
  // Also where there is nothing to void: a process that was killed between voiding and this left it in the log.
  database.forgetOldVersions()
}
