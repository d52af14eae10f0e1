import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Known } from '../../box/digests.ts'
import { type Findings, joinFindings, type Look, nothing } from '../../box/findings.ts'
import { createMatcher } from '../../box/matcher.ts'
import { searchMemory, whileStopped } from '../../box/memory.ts'
import { needlesOf } from '../../box/needles.ts'
import { searchBytes, searchFolder } from '../../box/places.ts'
import type { Config } from '../../config.ts'
import type { Planted } from './canaries.ts'
import type { Shadow } from './shadow-process.ts'

/** Everything that a thief of the disk or a reader of the feed knows, so that salting with it hides nothing. */
export function knownOf(config: Config, policy: string, home: string): Known[] {
  const { organisation, store, gateway, zones, sensors } = config
  const root = `drempel/v1/${organisation}/${store.id}/${gateway}`
  const key = readFileSync(join(home, 'data', 'key'), 'utf8')
  const words: [string, string][] = [
    ['organisation', organisation],
    ['store', store.id],
    ['gateway', gateway],
    ['store and gateway', `${store.id}/${gateway}`],
    ['root of the topics', root],
    ['policy', policy],
    ['digits of the policy', policy.replace('sha256:', '')],
    ['box key in hex', key],
    ...zones.map(({ id }): [string, string] => [`zone ${id}`, id]),
    ...zones.map(({ id }): [string, string] => [`topic of ${id}`, `${root}/footfall/${id}`]),
    ...sensors.map(({ id }): [string, string] => [`sensor ${id}`, id]),
  ]
  const once = new Map(words.map(([name, value]) => [value, { name, value }]))
  return [...once.values(), { name: 'box key', value: Buffer.from(key, 'hex') }]
}

/** Some identifiers with some of what is known: all needles at once would need gigabytes. */
export interface Task {
  readonly planted: readonly Planted[]
  readonly known: readonly Known[]
}

/** Needles of a task, roughly: 150 MB of memory. */
const mostNeedles = 165_000
const knownAtOnce = 18
/** Needles for each thing that is known: a text is written in fewer ways than bytes are. */
const needlesEach = { text: 1_050, bytes: 8_300 }

export function tasksOf(planted: readonly Planted[], known: readonly Known[]): Task[] {
  const parts = Array.from({ length: Math.ceil(known.length / knownAtOnce) }, (_, i) =>
    known.slice(i * knownAtOnce, (i + 1) * knownAtOnce),
  )
  return parts.flatMap((part) =>
    packed(planted, mostNeedles / part.length).map((ones) => ({ planted: ones, known: part })),
  )
}

function packed(planted: readonly Planted[], room: number): Planted[][] {
  const packs: { ones: Planted[]; weight: number }[] = []
  for (const one of planted) {
    const weight = 'text' in one.identifier ? needlesEach.text : needlesEach.bytes
    const pack = packs.find((some) => some.weight + weight <= room)
    if (pack) {
      pack.ones.push(one)
      pack.weight += weight
    } else packs.push({ ones: [one], weight })
  }
  return packs.map(({ ones }) => ones)
}

export interface TaskLook {
  readonly look: Look
  readonly needles: number
}

/** A second's work and much memory: to be used and dropped. */
export function lookFor({ planted, known }: Task): TaskLook {
  const identifiers = planted.map(({ identifier }) => identifier)
  const needles = needlesOf(identifiers, known)
  return { look: createMatcher(needles), needles: needles.length }
}

/** What the running shadow holds and has written so far. It stands still meanwhile. */
export function searchAlive(look: Look, { pid, home }: Shadow): { memory: Findings; kept: Findings } {
  return whileStopped(pid, () => ({ memory: searchMemory(look, pid), kept: searchFolder(look, home) }))
}

/** What is left of it when it has ended. */
export function searchRemains(
  look: Look,
  { home, printed, sent }: Shadow,
): Record<'kept' | 'logged' | 'sent', Findings> {
  return {
    kept: searchFolder(look, home),
    logged: searchBytes(look, 'log', printed()),
    sent: searchBytes(look, 'bytes to the broker', sent().bytes),
  }
}

/** Adds up what several looks found in one place: its bytes count once, and a gap is told once. */
export function inOnePlace(findings: readonly Findings[]): Findings {
  const { found, unsearched } = joinFindings(findings)
  const gaps = new Map(unsearched.map((gap) => [`${gap.place} ${gap.reason}`, gap]))
  const bytes = findings.reduce((most, one) => Math.max(most, one.bytes), nothing.bytes)
  return { found, unsearched: [...gaps.values()], bytes }
}
