import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** One file of a page, as it is served. */
export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Reads the files of pages/ once, by the path they are served at; `index` is served at `/`. */
export function readPageFiles(index: string): ReadonlyMap<string, PageFile> {
  const folder = join(import.meta.dirname, 'pages')
  const names = readdirSync(folder).filter((name) => extname(name) in types)
  return new Map(names.map((name) => [name === index ? '/' : `/${name}`, readPageFile(join(folder, name))]))
}

function readPageFile(path: string): PageFile {
  const bytes = readFileSync(path)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  return { type: types[extname(path)]!, bytes, etag }
}
