import { closeSync, type Dirent, fstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describeError } from '../base/errors.ts'
import { type Findings, joinFindings, type Look, nothing } from './findings.ts'
import { mostPacked, packedIn } from './packed.ts'
import { type Part, partsOf, type Sizes } from './windows.ts'

/** Base64 of gzip of base64 is looked into; a fourth layer is not. */
const deepest = 3

/** Shorter files are held whole; the longest stream that is unpacked may begin at the end of a part. */
const fileParts: Sizes = { part: 16 * 2 ** 20, behind: mostPacked }

/** Searches what the caller holds, such as a message or a page, and whatever is packed in it. */
export function searchBytes(look: Look, place: string, content: Buffer): Findings {
  return searchPart(look, place, { content, base: 0, begin: 0, end: content.length }, 0)
}

function searchPart(look: Look, place: string, { content, base, begin, end }: Part, depth: number): Findings {
  const isMine = ({ offset }: { offset: number }) => offset >= begin && offset < end
  const found = look(content).filter(isMine)
  const findings = found.map(({ label, offset }) => ({ place, label, offset: base + offset }))
  const inner: Findings[] = [{ found: findings, unsearched: [], bytes: end - begin }]
  for (const packed of depth < deepest ? packedIn(content, base === 0 && depth === 0) : []) {
    // A run that goes on from the part before begins ahead of this one.
    if (packed.offset >= end) continue
    const inside = `${place} > ${packed.kind} at ${base + packed.offset}`
    const part = { content: packed.content, base: 0, begin: 0, end: packed.content.length }
    inner.push(searchPart(look, inside, part, depth + 1))
    if (packed.isCut) inner.push(unsearched(inside, 'too long to be unpacked whole'))
  }
  return joinFindings(inner)
}

/**
 * Searches every file below a folder as raw bytes, so that the free pages of a database, its log and its index are in,
 * and the names of files, folders and links. Links are not followed; what cannot be read is told.
 */
export function searchFolder(look: Look, folder: string): Findings {
  return searchBelow(look, folder, basename(folder))
}

/** `shown` stands for the path in reports: a name that was itself found must not be printed. */
function searchBelow(look: Look, folder: string, shown: string): Findings {
  return unlessUnreadable(shown, () => {
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    return joinFindings(entries.map((entry) => searchEntry(look, join(folder, entry.name), entry, shown)))
  })
}

function searchEntry(look: Look, path: string, entry: Dirent, above: string): Findings {
  const name = searchBytes(look, `a name in ${above}`, Buffer.from(entry.name))
  const place = `${above}/${name.found.length > 0 ? '(its name was found)' : entry.name}`
  return joinFindings([name, searchContent(look, path, entry, place)])
}

function searchContent(look: Look, path: string, entry: Dirent, place: string): Findings {
  if (entry.isDirectory()) return searchBelow(look, path, place)
  if (entry.isFile()) return searchFile(look, path, place)
  if (entry.isSymbolicLink()) {
    return unlessUnreadable(place, () => searchBytes(look, place, readlinkSync(path, { encoding: 'buffer' })))
  }
  return unsearched(place, 'neither a file nor a folder')
}

/** Searches one file, in parts when it is long. */
export function searchFile(look: Look, path: string, place: string): Findings {
  return unlessUnreadable(place, () => {
    const file = openSync(path, 'r')
    try {
      const read = (into: Buffer, from: number) => readSync(file, into, 0, into.length, from)
      const parts = partsOf({ from: 0, to: fstatSync(file).size, read }, fileParts)
      return joinFindings([...parts.map((part) => searchPart(look, place, part, 0))])
    } finally {
      closeSync(file)
    }
  })
}

/** What cannot be read, or vanished in between, is told and costs the findings of nothing else. */
function unlessUnreadable(place: string, search: () => Findings): Findings {
  try {
    return search()
  } catch (error) {
    return unsearched(place, describeError(error))
  }
}

function unsearched(place: string, reason: string): Findings {
  return { ...nothing, unsearched: [{ place, reason }] }
}
