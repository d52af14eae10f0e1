import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { describeError } from '../base/errors.ts'
import { type Findings, joinFindings, type Look, nothing } from './findings.ts'
import { presentParts, type Region } from './present-pages.ts'
import { partsOf, type Sizes } from './windows.ts'

/** No needle is longer than what is read behind a part. Nothing is unpacked here: memory holds what is in use. */
const memoryParts: Sizes = { part: 16 * 2 ** 20, behind: 4096 }

/**
 * Searches all readable memory of a process of this user (or any, for root). It should stand still, or what moves may
 * be missed: see `whileStopped`. What the kernel keeps for a process, such as the buffers of its sockets, is not seen.
 */
export function searchMemory(look: Look, pid: number): Findings {
  try {
    const memory = openSync(`/proc/${pid}/mem`, 'r')
    try {
      const regions = regionsOf(readFileSync(`/proc/${pid}/maps`, 'latin1'))
      return joinFindings(presentParts(pid, regions).map((region) => searchRegion(look, memory, pid, region)))
    } finally {
      closeSync(memory)
    }
  } catch (error) {
    return { ...nothing, unsearched: [{ place: `memory of process ${pid}`, reason: describeError(error) }] }
  }
}

function searchRegion(look: Look, memory: number, pid: number, region: Region): Findings {
  const place = `memory of process ${pid}, ${region.name}`
  const read = (into: Buffer, from: number) => readSync(memory, into, 0, into.length, from)
  const findings: Findings[] = []
  try {
    for (const { content, base, begin, end } of partsOf({ ...region, read }, memoryParts)) {
      const mine = look(content).filter(({ offset }) => offset >= begin && offset < end)
      const found = mine.map(({ label, offset }) => ({ place, label, offset: base + offset }))
      findings.push({ found, unsearched: [], bytes: end - begin })
    }
  } catch (error) {
    findings.push({ ...nothing, unsearched: [{ place, reason: describeError(error) }] })
  }
  return joinFindings(findings)
}

/** Pages that belong to the kernel: no program can write into them, and they cannot be read from outside. */
const kernelsOwn = /^\[(vvar|vvar_vclock|vsyscall)\]$/

/** The readable regions of a /proc/PID/maps, by the name of the file or purpose. */
export function regionsOf(maps: string): Region[] {
  return maps.split('\n').flatMap((line) => {
    const [, from, to, name = ''] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? []
    if (!from || !to || kernelsOwn.test(name)) return []
    return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), name: basename(name) || 'anonymous' }]
  })
}

/**
 * Stops a process, works, and lets it go on, unless it stood still before. The work must be synchronous.
 * Throws when it cannot be stopped, such as when it is gone.
 */
export function whileStopped<T>(pid: number, work: () => T): T {
  const stoodStill = isStopped(pid)
  if (!stoodStill) stop(pid)
  try {
    return work()
  } finally {
    if (!stoodStill) process.kill(pid, 'SIGCONT')
  }
}

/** The signal is sent at once, but each thread stops when it next returns from the kernel. */
function stop(pid: number): void {
  process.kill(pid, 'SIGSTOP')
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; !isStopped(pid); tries++) {
    if (tries > 5000) {
      process.kill(pid, 'SIGCONT')
      throw new Error(`process ${pid} does not stop`)
    }
    Atomics.wait(pause, 0, 0, 1)
  }
}

/** Do all its threads stand still? */
function isStopped(pid: number): boolean {
  const folder = `/proc/${pid}/task`
  return readdirSync(folder).every((thread) => {
    const stat = readFileSync(`${folder}/${thread}/stat`, 'latin1')
    return 'Tt'.includes(stat.charAt(stat.lastIndexOf(')') + 2))
  })
}
