import type { LocalMoment } from './caps.ts'

/** What the clock on the wall of the shop shows. @param timezone of the IANA list, such as Europe/Amsterdam */
export function createLocalTime(timezone: string): (now: number) => LocalMoment {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (now) => {
    const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
    const { year, month, day, hour, minute } = parts
    return { now, day: `${year}-${month}-${day}`, minutes: Number(hour) * 60 + Number(minute) }
  }
}
