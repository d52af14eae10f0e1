import { GatewayError } from './errors.ts'

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

const units: Record<string, number> = { s: second, m: minute, h: hour, d: day, y: 365 * day }

/** '15m' to milliseconds. Units: s, m, h, d, y (365 days). @throws BASE_DURATION_INVALID */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})(s|m|h|d|y)$/.exec(text)
  if (!match) throw new GatewayError('BASE_DURATION_INVALID', `'${text}' is not one.`)
  return Number(match[1]) * units[match[2]!]!
}
