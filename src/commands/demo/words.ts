import { styleText } from 'node:util'
import type { Config } from '../../config.ts'
import type { ReleaseFields } from '../../privacy/release.ts'
import type { Received } from '../../web/showing.ts'

/** What the demo prints. Colours only where standard output is a terminal that wants them. */
export interface DemoWords {
  welcome(places: DemoPlaces): string
  /** One line: `10:05  Entrance   in  23   out  18   ±  7   walked  21   17`. */
  release(received: Received): string
  /** At wall ms `now` the shop closed. */
  night(now: number): string
}

export interface DemoPlaces {
  readonly host: string
  /** Ports of the page: the real one, and the one that was asked for. */
  readonly page: number
  readonly asked: number
  readonly listen: string
  /** Seconds until the first release, at most. */
  readonly firstWithin: number
}

export function createWords({ store, zones }: Config): DemoWords {
  const { format } = new Intl.DateTimeFormat('en-GB', { timeZone: store.timezone, hour: '2-digit', minute: '2-digit' })
  const widest = Math.max(...zones.map(({ name }) => name.length))

  return {
    welcome,
    release({ topic, text, walked }) {
      const { window, in: into, out, noise95, missing }: ReleaseFields = JSON.parse(text)
      const [kind, zone] = topic.split('/').slice(-2)
      const name = zones.find(({ id }) => id === zone)?.name ?? ''
      const isDay = kind === 'day'
      const when = isDay ? ' day ' : format(Date.parse(window.start) + window.seconds * 1000)
      const pair = (a: number | null, b: number | null) => [a, b].map((one) => `${one ?? '-'}`.padStart(isDay ? 5 : 3))
      const [a, b] = pair(into, out)
      const said = missing ? `missing: ${missing}` : `in ${a}   out ${b}   ± ${`${noise95}`.padStart(2)}`
      const truth = styleText('dim', `walked ${pair(walked.in, walked.out).join('  ')}`)
      return `  ${when}  ${name.padEnd(widest)}   ${styleText('bold', said)}   ${truth}\n`
    },
    night: (now) => styleText('dim', `  ${format(now)}  The shop is closed; the night passes quickly.\n`),
  }
}

function welcome({ host, page, asked, listen, firstWithin }: DemoPlaces): string {
  const other = asked !== 0 && page !== asked ? styleText('dim', `   (port ${asked} is taken)`) : ''
  return [
    '',
    `  ${styleText('bold', 'Drempel demo')}`,
    '  Virtual people walk through a virtual shop; the box that counts them is the real one.',
    '',
    `  Page    ${styleText('underline', `http://${host}:${page}/`)}${other}`,
    `  Listen  ${listen}`,
    '  Stop    Ctrl-C',
    '',
    '  Below is each release as head office received it. "walked" is the truth: it exists',
    `  only in this demo, where nobody is real. The first comes within ${firstWithin} seconds.`,
    '',
    '',
  ].join('\n')
}

/** The last line, with the number of releases that head office received. */
export function farewell(releases: number): string {
  return `\n  Stopped after ${releases} release${releases === 1 ? '' : 's'}; the files of the demo are removed.\n`
}
