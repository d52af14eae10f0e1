import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { day, second } from '../../base/duration.ts'
import type { Findings } from '../../box/findings.ts'
import type { Config } from '../../config.ts'
import { createCalendar } from '../../privacy/calendar.ts'
import { type Policy, policyOf } from '../../privacy/policy.ts'
import { createCanaries, type Planted, plantedIn } from './canaries.ts'
import type { Fed } from './feed.ts'
import { inputsOf, longestHeld } from './inputs.ts'
import type { Searched, ShadowProof } from './proof.ts'
import { inOnePlace, knownOf, lookFor, searchAlive, searchRemains, tasksOf } from './search.ts'
import { type Shadow, type ShadowProcessParts, startShadow } from './shadow-process.ts'

export interface ShadowProofParts extends Pick<ShadowProcessParts, 'folder' | 'program'> {
  readonly config: Config
  /** Wall ms. */
  readonly now: number
  /** What is being done, in a few words, and how far it is, 0 to 1. */
  readonly onProgress: (doing: string, share: number) => void
}

const ahead = 60 * second
/** Until the last releases of the day have left. */
const evening = 180 * second

/**
 * Lets a shadow of the box live through a day full of canaries, and searches all that it has, keeps, says and sends.
 * Throws COMMAND_SHADOW_ENDED.
 */
export async function proveShadow(parts: ShadowProofParts): Promise<ShadowProof> {
  const open = openDay(parts.config, parts.now)
  const { config } = open
  const canaries = createCanaries()
  const planted = plantedIn(config, canaries)
  const start = open.opens - ahead
  parts.onProgress('starting a shadow of this box', 0)
  writeFileSync(join(parts.folder, 'canaries.json'), JSON.stringify(planted.map(written), null, 2), { mode: 0o600 })
  const shadow = await startShadow({ ...parts, config, start, canaries })
  try {
    const windows = 2 * open.policy.windowSeconds * second
    const inputs = inputsOf({ config, canaries, opens: ahead, lasts: ahead + windows })
    const last = ahead + windows
    parts.onProgress('planting canaries', 0)
    await shadow.feed([...inputs, nothingAt(last + longestHeld, 'tell')])
    const known = knownOf(config, open.policy.hash, shadow.home)
    const alive = aliveFindings(shadow, planted, known, parts.onProgress)
    parts.onProgress('letting its day end', 0)
    const closes = open.closes - start + evening
    await shadow.feed([nothingAt(closes, 'pass'), nothingAt(closes, 'tell')])
    await shadow.end()
    const remains = remainsFindings(shadow, planted, known, parts.onProgress)
    return {
      planted: [...Map.groupBy(planted, ({ input }) => input)].map(([input, ones]) => ({
        input,
        names: ones.map(({ identifier }) => identifier.name),
      })),
      needles: remains.needles,
      messages: shadow.sent().messages,
      differs: differencesOf(open.isAsConfigured),
      places: [heardPlace(config, shadow.heard()), ...placesOf(remains.places, alive.kept), memoryPlace(alive.memory)],
    }
  } finally {
    await shadow.end()
    writeFileSync(join(parts.folder, 'log.txt'), shadow.printed(), { mode: 0o600 })
    writeFileSync(join(parts.folder, 'sent.bin'), shadow.sent().bytes, { mode: 0o600 })
  }
}

/** For whoever keeps the files and looks with tools of their own. */
function written({ identifier, input }: Planted) {
  const value = 'text' in identifier ? identifier.text : Buffer.from(identifier.bytes).toString('hex')
  return { name: identifier.name, input, value }
}

type Progress = ShadowProofParts['onProgress']
type KnownStrings = ReturnType<typeof knownOf>

function aliveFindings(shadow: Shadow, planted: readonly Planted[], known: KnownStrings, onProgress: Progress) {
  const tasks = tasksOf(
    planted.filter(({ isOfDevice }) => isOfDevice),
    known,
  )
  const found = tasks.map((task, i) => {
    onProgress('searching its memory', i / tasks.length)
    return searchAlive(lookFor(task).look, shadow)
  })
  return { memory: found.map(({ memory }) => memory), kept: found.map(({ kept }) => kept) }
}

function remainsFindings(shadow: Shadow, planted: readonly Planted[], known: KnownStrings, onProgress: Progress) {
  const tasks = tasksOf(planted, known)
  let needles = 0
  const places = tasks.map((task, i) => {
    onProgress('searching what it kept, said and sent', i / tasks.length)
    const look = lookFor(task)
    needles += look.needles
    return searchRemains(look.look, shadow)
  })
  return { needles, places }
}

function placesOf(
  found: readonly Record<'kept' | 'logged' | 'sent', Findings>[],
  alive: readonly Findings[],
): Searched[] {
  const all = (place: 'kept' | 'logged' | 'sent') => found.map((one) => one[place])
  return [
    { place: 'kept', findings: inOnePlace([...alive, ...all('kept')]), note: 'data folder and the file in RAM' },
    { place: 'logged', findings: inOnePlace(all('logged')), note: 'everything it printed, at level debug' },
    { place: 'sent', findings: inOnePlace(all('sent')), note: 'every byte to the broker' },
    {
      place: 'served',
      findings: inOnePlace([]),
      note: 'the page for shoppers shows no count, and is not in the shadow',
    },
  ]
}

/** Silence proves nothing of a shadow that heard nothing. */
function heardPlace({ sensors }: Config, heard: readonly number[]): Searched {
  const deaf = sensors.filter((_, place) => !heard[place])
  const unsearched = deaf.map(({ id }) => ({ place: id, reason: 'nothing of what was planted there was heard' }))
  const total = heard.reduce((sum, one) => sum + one, 0)
  return {
    place: 'heard',
    findings: { found: [], unsearched, bytes: 0 },
    note: `${total.toLocaleString('en')} readings`,
  }
}

function memoryPlace(found: readonly Findings[]): Searched {
  const note =
    found.length > 0 ? 'for what came by Bluetooth, 6 minutes after' : 'not judged: nothing is heard by Bluetooth'
  return { place: 'memory', findings: inOnePlace(found), note }
}

function nothingAt(t: number, kind: 'pass' | 'tell'): Fed {
  return { t, kind, sensor: 255, bytes: new Uint8Array() }
}

interface OpenDay {
  readonly config: Config
  readonly policy: Policy
  /** Wall ms of its first slot's beginning and its last one's end. */
  readonly opens: number
  readonly closes: number
  readonly isAsConfigured: boolean
}

const longestClosed = 400

/** The next day on which the shop is open by its own hours. Of one that never opens, a day open throughout. */
function openDay(config: Config, now: number): OpenDay {
  const policy = policyOf(config)
  const calendar = createCalendar(policy.timezone, policy.opening, policy.windowSeconds)
  for (let days = 0; days < longestClosed; days++) {
    const slots = calendar.slotsOf(calendar.dayOf(now + days * day))
    const [first, last] = [slots[0], slots.at(-1)]
    if (first && last) return { config, policy, opens: first.start, closes: last.end, isAsConfigured: true }
  }
  const opened = { ...config, store: { ...config.store, opening: '00:00-24:00' } }
  return { ...openDay(opened, now), isAsConfigured: false }
}

function differencesOf(isAsConfigured: boolean): string[] {
  return [
    'a data folder of its own, a broker on this machine that never fails in place of yours, and no ports',
    "a clock that is moved by hand through the shop's next open day",
    'a pipe in place of BlueZ, serial devices and GPIO, through which everybody in reach is heard',
    ...(isAsConfigured ? [] : ['opening hours all day, since the shop never opens']),
  ]
}
