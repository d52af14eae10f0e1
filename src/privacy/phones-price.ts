import { noise95 } from './band.ts'
import type { PhonesSeries } from './release.ts'

/** What counting phones costs, and how its series are declared. */

/** Addresses are told apart for so long and no longer; ms. Windows are whole multiples of it. */
export const subWindowMs = 300_000

/** Thousandths of epsilon that one address pays for each window in which it is heard. */
const perWindowMilli = 200

/** A stay that is paid for in `perVisitMilli`; longer ones pay more. */
export const usualStayMinutes = 60

export function phonesSeries(zone: string, windowSeconds: number): PhonesSeries {
  const subWindows = (windowSeconds * 1000) / subWindowMs
  return {
    name: `phones/${zone}`,
    kind: 'phones',
    zone,
    windowSeconds,
    unit: 'address-window',
    epsilon: perWindowMilli / 1000,
    mechanism: 'discrete-laplace',
    noise95: noise95(perWindowMilli, subWindows),
    subWindows,
  }
}

/** The most windows that a stay of so many minutes can touch. */
export function windowsTouched(stayMinutes: number, windowSeconds: number): number {
  return Math.ceil((stayMinutes * 60) / windowSeconds) + 1
}

/** Thousandths of epsilon that a stay pays for each address that the phone shows, in `zones` zones with a radio. */
export function stayMilli(stayMinutes: number, windowSeconds: number, zones: number): number {
  return windowsTouched(stayMinutes, windowSeconds) * perWindowMilli * zones
}
