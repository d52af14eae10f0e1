import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { openDatabase } from '../base/database.ts'
import type { Known } from './digests.ts'
import type { Finding, Findings, Look } from './findings.ts'
import { startHolder } from './holder.ts'
import { createMatcher } from './matcher.ts'
import { searchMemory, whileStopped } from './memory.ts'
import { type Needle, needlesOf } from './needles.ts'
import { searchBytes, searchFile, searchFolder } from './places.ts'
import type { Identifier } from './spellings.ts'

/** What a search that was given something to find has found of it. Anything missing: the search is not to be trusted. */
export interface SelfCheck {
  readonly found: readonly Finding[]
  readonly missing: readonly Missing[]
}

export interface Missing {
  readonly place: string
  readonly label: string
}

export interface SelfCheckParts {
  /** A folder of this user in which a scratch folder is made, and removed again. */
  readonly folder: string
  /** The program that runs a child which holds the plants in its memory: Node itself. */
  readonly node: string
  /** The search that is put to the test. */
  readonly createLook?: (needles: readonly Needle[]) => Look
}

/**
 * Proves the search before its silence is believed: new identifiers of every kind are written in every encoding into
 * every kind of place, and each must be found there.
 */
export async function checkSearch(parts: SelfCheckParts): Promise<SelfCheck> {
  const { folder, node, createLook = createMatcher } = parts
  const scratch = mkdtempSync(join(folder, 'search-check-'))
  try {
    const needles = needlesOf(strangers(), known)
    const look = createLook(needles)
    const content = planted(needles)
    const inFiles = Object.entries(plantings).map(([place, plant]) => {
      const home = join(scratch, place.replaceAll(' ', '-'))
      mkdirSync(home)
      return judge(place, needles, plant({ home, content, needles, look }))
    })
    const inMemory = await memoryOfChild(node, content, look)
    const all = [...inFiles, judge('memory', needles, inMemory)]
    return { found: all.flatMap(({ found }) => found), missing: all.flatMap(({ missing }) => missing) }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const known: readonly Known[] = [{ name: 'store id', value: 'store-of-the-self-check' }]

/** New at every check, so that nothing of an earlier one can be found. */
function strangers(): Identifier[] {
  return [
    { name: 'address', bytes: randomBytes(6) },
    { name: 'short id', bytes: randomBytes(8) },
    { name: 'long id', bytes: randomBytes(16) },
    { name: 'name', text: `José's ${randomBytes(6).toString('base64url')}` },
  ]
}

/** All of them, each between bytes that no encoding begins or ends with. */
function planted(needles: readonly Needle[]): Buffer {
  return Buffer.concat([Buffer.from('\n'), ...needles.flatMap(({ bytes }) => [bytes, Buffer.from('|\n')])])
}

function judge(place: string, needles: readonly Needle[], { found }: Findings): SelfCheck {
  const labels = new Set(found.map(({ label }) => label))
  const missing = needles.filter(({ label }) => !labels.has(label)).map(({ label }) => ({ place, label }))
  return { found, missing }
}

interface Planting {
  readonly home: string
  readonly content: Buffer
  readonly needles: readonly Needle[]
  readonly look: Look
}

const plantings: Readonly<Record<string, (planting: Planting) => Findings>> = {
  file: asFile((content) => content),
  gzip: asFile((content) => Buffer.concat([Buffer.from('before'), gzipSync(content), Buffer.from('after')])),
  zlib: asFile((content) => Buffer.concat([Buffer.from('before'), deflateSync(content), Buffer.from('after')])),
  deflate: asFile((content) => deflateRawSync(content)),
  brotli: asFile((content) => brotliCompressSync(content)),
  'base64 in JSON': asFile((content) => Buffer.from(JSON.stringify({ at: 1, data: content.toString('base64') }))),
  'base64 of gzip in base64': asFile((content) => inBase64(inBase64(gzipSync(content)))),
  message: ({ content, look }) => searchBytes(look, 'message', content),
  'free pages': inFreePages,
  'write-ahead log': inWriteAheadLog,
}

function asFile(pack: (content: Buffer) => Buffer): (planting: Planting) => Findings {
  return ({ home, content, look }) => {
    writeFileSync(join(home, 'planted'), pack(content))
    return searchFolder(look, home)
  }
}

function inBase64(content: Buffer): Buffer {
  return Buffer.from(content.toString('base64'))
}

function inFreePages({ home, needles, look }: Planting): Findings {
  const file = join(home, 'box.db')
  const database = withRows(file, needles)
  database.connection.exec('DELETE FROM planted')
  database.close()
  return searchFile(look, file, 'box.db')
}

/** While the database is open nothing has moved from the log into its file. */
function inWriteAheadLog({ home, needles, look }: Planting): Findings {
  const file = join(home, 'box.db')
  const database = withRows(file, needles)
  try {
    return searchFile(look, `${file}-wal`, 'box.db-wal')
  } finally {
    database.close()
  }
}

/** The rows are short, so that none is split over two pages; without `secure_delete` their bytes outlive them. */
function withRows(file: string, needles: readonly Needle[]) {
  const database = openDatabase(file, [{ name: 'self-check/1', sql: 'CREATE TABLE planted (bytes BLOB)' }])
  database.connection.pragma('secure_delete = OFF')
  database.connection.pragma('wal_autocheckpoint = 0')
  const insert = database.connection.prepare('INSERT INTO planted VALUES (?)')
  // The list of free pages is written over the first of them.
  const filling = Buffer.alloc(1500)
  database.transaction(() => {
    for (let row = 0; row < 3; row++) insert.run(filling)
    for (let from = 0; from < needles.length; from += 20) insert.run(planted(needles.slice(from, from + 20)))
  })
  return database
}

async function memoryOfChild(node: string, content: Buffer, look: Look): Promise<Findings> {
  const holder = await startHolder(node, content)
  try {
    return whileStopped(holder.pid, () => searchMemory(look, holder.pid))
  } finally {
    await holder.stop()
  }
}
