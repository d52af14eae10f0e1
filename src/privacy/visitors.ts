import { guessIn100, noise95 } from './band.ts'
import type { VisitorsSeries } from './release.ts'
import { wholeShop } from './series.ts'

/**
 * How many of the shoppers who agreed to be counted were here on a day. They are known again, so the unit is the whole day
 * of one of them, and it is no part of what a visit pays: nobody pays for it who did not agree.
 */

/** How many were here on a day, which is all that the wall may know: who they are, another wing keeps. */
export interface DayVisitors {
  /** Each once; undefined when it cannot be said. Asked once a day, in the first commit for its last slot. */
  on(day: string): number | undefined
  /** The number of the day is drawn or lost. Inside the commit that makes it so. */
  forget(day: string): void
  /** No day before this one will be drawn any more. */
  forgetBefore(day: string): void
}

/** Thousandths of epsilon that a day pays of a shopper who agreed to be counted. */
export const visitorsMilli = 500

export function visitorsSeries(): VisitorsSeries {
  const blur = {
    epsilon: visitorsMilli / 1000,
    mechanism: 'discrete-laplace',
    noise95: noise95(visitorsMilli),
  } as const
  return { name: 'visitors', kind: 'visitors', zone: wholeShop, windowSeconds: 86_400, unit: 'person-day', ...blur }
}

/** What that pays, in the words that everybody gets to read; undefined where nobody is counted so. */
export function visitorsSentence({
  perVisitMilli,
  visitors,
}: {
  readonly perVisitMilli: number
  readonly visitors?: { readonly purpose: string }
}): string | undefined {
  if (!visitors) return undefined
  const price = `Who agreed to ${visitors.purpose} is counted once a day and pays ${visitorsMilli / 1000} a day besides.`
  const alone = `Someone who watches guesses whether an enrolled shopper came on a day right at most ${guessIn100(visitorsMilli)} times in 100`
  return `${price} ${alone}, with one visit added ${guessIn100(perVisitMilli + visitorsMilli)}.`
}
