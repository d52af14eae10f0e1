import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { openDatabase } from '../base/database.ts'
import type { Findings, Look } from './findings.ts'
import type { Needle } from './needles.ts'
import { searchBytes, searchFile, searchFolder } from './places.ts'

/** What is planted, where, and the search that must find it. */
export interface Planting {
  readonly home: string
  readonly content: Buffer
  readonly needles: readonly Needle[]
  readonly look: Look
}

/** Every kind of place but memory: each writes all needles there and returns what the search finds. */
export const plantings: Readonly<Record<string, (planting: Planting) => Findings>> = {
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

/** All of them, each between bytes that no encoding begins or ends with. */
export function planted(needles: readonly Needle[]): Buffer {
  return Buffer.concat([Buffer.from('\n'), ...needles.flatMap(({ bytes }) => [bytes, Buffer.from('|\n')])])
}
