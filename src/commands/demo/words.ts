import { styleText } from 'node:util'
import type { Config } from '../../config.ts'
import type {
  DwellFields,
  FootfallFields,
  OccupancyFields,
  PhonesFields,
  VisitorsFields,
} from '../../privacy/release.ts'
import type { Received } from '../../web/showing.ts'
import type { Signal } from './office.ts'

/** What the demo prints. Colours only where standard output is a terminal that wants them. */
export interface DemoWords {
  welcome(places: DemoPlaces): string
  /** One line: `10:05  Entrance   in  23   out  18   ±  7   walked  21   17`. */
  release(received: Received): string
  /** One line about somebody who opted in on the shopper's page: `10:05  offers     arrived, Entrance`. */
  signal(signal: Signal, now: number): string
  /** At wall ms `now` the shop closed. */
  night(now: number): string
}

export interface DemoPlaces {
  readonly host: string
  /** Ports of the page: the real one, and the one that was asked for. */
  readonly page: number
  readonly asked: number
  /** Of the shopper's page. */
  readonly shoppers: number | undefined
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
      const sent: Sent = JSON.parse(text)
      const [kind, zone = 'shop'] = topic.split('/').slice(5)
      const name = zones.find(({ id }) => id === zone)?.name ?? zone
      const isDay = kind === 'day' || kind === 'dwell' || kind === 'visitors'
      const when = isDay ? ' day ' : format(Date.parse(sent.window.start) + sent.window.seconds * 1000)
      const wide = (one: number | null) => `${one ?? '-'}`.padStart(isDay ? 5 : 3)
      const said = sent.missing ? `missing: ${sent.missing}` : saidOf(sent, wide)
      const head = `  ${when}  ${name.padEnd(widest)}   ${styleText('bold', said)}`
      if (!('in' in sent)) return `${head}\n`
      return `${head}   ${styleText('dim', `walked ${wide(walked.in)}  ${wide(walked.out)}`)}\n`
    },
    signal({ purpose = '', event, zone, handle = '' }, now) {
      const what = event
        ? `${event}${zone ? `, ${zones.find(({ id }) => id === zone)?.name ?? zone}` : ''}`
        : 'taken back'
      const line = `  ${format(now)}  ${purpose.padEnd(widest)}   ${what}`
      return `${styleText('cyan', line)}${styleText('dim', handle && `   ${handle.slice(0, 6)}…`)}\n`
    },
    night: (now) => styleText('dim', `  ${format(now)}  The shop is closed; the night passes quickly.\n`),
  }
}

/** A payload, whose kind stands in its topic. */
type Sent =
  | Omit<FootfallFields, 'kind'>
  | Omit<OccupancyFields, 'kind'>
  | Omit<DwellFields, 'kind'>
  | Omit<PhonesFields, 'kind'>
  | Omit<VisitorsFields, 'kind'>

function saidOf(sent: Sent, wide: (one: number | null) => string): string {
  const band = `± ${`${sent.noise95}`.padStart(2)}`
  if ('in' in sent) return `in ${wide(sent.in)}   out ${wide(sent.out)}   ${band}`
  if ('inside' in sent) return `inside ${wide(sent.inside)}   ${band}`
  if ('stays' in sent) return `stays ${sent.stays?.map(wide).join(' ')}   ${band}`
  if ('visitors' in sent) return `visitors who agreed ${wide(sent.visitors)}   ${band}`
  const { people } = sent
  const guess = people ? `   people ${people.low} to ${people.high}` : ''
  return `phones ${wide(sent.devices)}   ${band}${guess}`
}

function welcome({ host, page, asked, shoppers, listen, firstWithin }: DemoPlaces): string {
  const other = asked !== 0 && page !== asked ? styleText('dim', `   (port ${asked} is taken)`) : ''
  const forShoppers = [
    `  Shopper ${styleText('underline', `http://${host}:${shoppers}/`)}   opt in and out, as on a phone`,
    `  Screen  ${styleText('underline', `http://${host}:${shoppers}/screen`)}   the word that it asks for`,
  ]
  return [
    '',
    `  ${styleText('bold', 'Drempel demo')}`,
    '  Virtual people walk through a virtual shop; the box that counts them is the real one.',
    '',
    `  Page    ${styleText('underline', `http://${host}:${page}/`)}${other}`,
    ...(shoppers === undefined ? [] : forShoppers),
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
