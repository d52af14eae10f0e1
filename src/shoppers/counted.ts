import { isStorageFull } from '../base/errors.ts'
import type { Consents } from '../consent/consents.ts'
import type { Today } from '../consent/today.ts'
import type { DayVisitors } from '../privacy/visitors.ts'
import type { ShopperParts } from './words.ts'

/** Notes, at each sighting, whoever agreed to be counted: what could not be written is made up for by the next. */
export function createCounted(
  consents: Consents,
  today: Today,
  counting: ShopperParts['counting'],
): (who: string) => void {
  // Of one visit nothing is written: it is no record.
  return (who) => {
    const now = counting()
    if (!now || !consents.isGranted(who, now.purpose)) return
    try {
      today.note(who, now.day, now.purpose)
    } catch (error) {
      if (!isStorageFull(error)) throw error
    }
  }
}

export function visitorsOf(today: Today): DayVisitors {
  return { on: today.count, forget: today.forgetDay, forgetBefore: today.forgetBefore }
}
