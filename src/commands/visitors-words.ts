import type { Config } from '../config.ts'
import type { Policy } from '../privacy/policy.ts'
import { visitorsSentence } from '../privacy/visitors.ts'

/** What it means to count shoppers who agreed to it, in words; nothing where nobody is. */

/** What is measured. */
export function visitorLines({ sensors }: Config, { visitors }: Policy): string[] {
  if (!visitors) return []
  const radios = sensors.filter(({ kind }) => kind === 'ble').map(({ id }) => id)
  const heard = radios.length > 0 ? `whose tag ${radios.join(' and ')} heard or who said` : 'who said'
  return [
    `The whole shop: how many shoppers were here on a day who agreed to ${visitors.purpose} for longer than one visit, each once:`,
    `${heard} on the page that they are here. Nobody else is counted so.`,
  ]
}

/** How far the noise reaches. */
export function visitorsBandLines({ series }: Policy): string[] {
  const counted = series.filter(({ kind }) => kind === 'visitors')
  return counted.map(
    ({ noise95 }) => `  The whole shop: how many agreed and were here on a day, by at most ${noise95}.`,
  )
}

/** What it costs, beside a visit. */
export function visitorsPriceLines(policy: Policy): string[] {
  const sentence = visitorsSentence(policy)
  return sentence ? [sentence, 'It is no part of what a visit pays: who did not agree pays nothing for it.'] : []
}

/** What lies on the disk for it. */
export function visitorsRetentionLines({ visitors }: Policy): string[] {
  if (!visitors) return []
  return ['Which shoppers who agreed to be counted were here: until the number of that day is drawn or they withdraw.']
}
