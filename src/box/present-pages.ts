import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { endianness } from 'node:os'

/** One readable stretch of a process's memory. */
export interface Region {
  readonly from: number
  readonly to: number
  readonly name: string
}

/**
 * The parts of these regions that are in memory or swapped out. A heap reserves several times what it uses, and a page
 * that was never touched holds nothing. Where the kernel does not tell, the whole regions.
 */
export function presentParts(pid: number, regions: readonly Region[]): Region[] {
  const size = pageSize(pid)
  if (!size) return [...regions]
  try {
    const pagemap = openSync(`/proc/${pid}/pagemap`, 'r')
    try {
      return regions.flatMap((region) => partsOf(region, size, pagemap))
    } finally {
      closeSync(pagemap)
    }
  } catch {
    return [...regions]
  }
}

const entrySize = 8
/** Bits 63 and 62 of an entry: present, swapped (Linux, admin-guide/mm/pagemap). */
const isSomewhere = 0xc0

function partsOf(region: Region, size: number, pagemap: number): Region[] {
  const entries = Buffer.alloc(((region.to - region.from) / size) * entrySize)
  if (readSync(pagemap, entries, 0, entries.length, (region.from / size) * entrySize) < entries.length) return [region]
  const parts: Region[] = []
  let begin = -1
  for (let page = 0; page <= entries.length / entrySize; page++) {
    const isThere = ((entries[page * entrySize + entrySize - 1] ?? 0) & isSomewhere) !== 0
    if (isThere && begin < 0) begin = page
    if (isThere || begin < 0) continue
    parts.push({ name: region.name, from: region.from + begin * size, to: region.from + page * size })
    begin = -1
  }
  return parts
}

const pageSizeKey = 6n

/** From what the kernel gave the process at its start (getauxval(3)): 4 KiB, on a Raspberry Pi 5 16 KiB. */
function pageSize(pid: number): number | undefined {
  if (endianness() !== 'LE') return undefined
  const pairs = readFileSync(`/proc/${pid}/auxv`)
  for (let at = 0; at + 16 <= pairs.length; at += 16) {
    if (pairs.readBigUInt64LE(at) === pageSizeKey) return Number(pairs.readBigUInt64LE(at + 8))
  }
  return undefined
}
