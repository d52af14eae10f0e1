import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyReply, FastifyRequest } from 'fastify'

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
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Reads the files of a folder of pages/ once, by the path they are served at; `index` is served at `/`. */
export function readPageFiles(index: string, folder = ''): ReadonlyMap<string, PageFile> {
  const place = join(import.meta.dirname, 'pages', folder)
  const names = readdirSync(place).filter((name) => extname(name) in types)
  return new Map(names.map((name) => [name === index ? '/' : `/${name}`, readPageFile(join(place, name))]))
}

/** The one file of a package that browsers can run as it is; served by us, never by its maker. */
export function readModuleFile(name: string): PageFile {
  return readPageFile(fileURLToPath(import.meta.resolve(name)))
}

function readPageFile(path: string): PageFile {
  const bytes = readFileSync(path)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  return { type: types[extname(path)]!, bytes, etag }
}

/** Sends a file, unless the browser has it. */
export function serveFile({ type, bytes, etag }: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'cache-control': 'no-cache', etag })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.type(type).send(bytes)
}
