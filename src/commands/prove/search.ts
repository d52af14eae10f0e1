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

/** Of one identifier with some of what is known: all needles at once would need gigabytes. */
export interface Task {
  readonly planted: Planted
  readonly known: readonly Known[]
}

const knownAtOnce = 12

export function tasksOf(planted: readonly Planted[], known: readonly Known[]): Task[] {
  const parts = Array.from({ length: Math.ceil(known.length / knownAtOnce) }, (_, i) =>
    known.slice(i * knownAtOnce, (i + 1) * knownAtOnce),
  )
  return planted.flatMap((one) => parts.map((part) => ({ planted: one, known: part })))
}

export interface TaskLook {
  readonly look: Look
  readonly needles: number
}

/** A second's work and tens of megabytes: to be used and dropped. */
export function lookFor({ planted, known }: Task): TaskLook {
  const needles = needlesOf([planted.identifier], known)
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
