import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Cell } from './mac.ts'

/** A record as it lies in a database file. Whether it is true only its tag can tell. */
export interface Carved {
  /** Of a table that has row numbers. */
  readonly rowid: number | undefined
  readonly cells: readonly Cell[]
}

/**
 * Every record of a damaged SQLite file and its write-ahead log that can be read, whatever pages, pointers and header
 * say: looked for at every byte of every page (https://sqlite.org/fileformat2.html#record_format). Older states of a
 * page come before newer ones. Finds more than there is; never throws over content.
 * @param columns of the tables that are looked for
 */
export function* carve(file: string, pageSize: number, columns: ReadonlySet<number>): Generator<Carved> {
  const handles = [file, `${file}-wal`].filter((one) => existsSync(one)).map((one) => openSync(one, 'r'))
  try {
    const images = [...imagesIn(handles, pageSize)]
    const newest = new Map(images.map((image) => [image.number, image]))
    const read = (number: number) => readAt(newest.get(number), pageSize)
    const pages: Pages = { size: pageSize, count: Math.max(0, ...newest.keys()), read }
    for (const image of images) yield* recordsOf(pages, readAt(image, pageSize), columns)
  } finally {
    for (const handle of handles) closeSync(handle)
  }
}

/** The bytes of every page of a damaged file and its write-ahead log, for whoever knows what the head of a record hides. */
export function* pagesOf(file: string, pageSize: number): Generator<Buffer> {
  const handles = [file, `${file}-wal`].filter((one) => existsSync(one)).map((one) => openSync(one, 'r'))
  try {
    for (const image of imagesIn(handles, pageSize)) yield readAt(image, pageSize)
  } finally {
    for (const handle of handles) closeSync(handle)
  }
}

interface Pages {
  readonly size: number
  readonly count: number
  read(number: number): Buffer
}

/** Where the content of a page lies. */
interface Image {
  readonly number: number
  readonly handle: number
  readonly at: number
}

const [walHeader, frameHeader] = [32, 24]

function* imagesIn([file, wal]: readonly number[], size: number): Generator<Image> {
  if (file === undefined) return
  const length = fstatSync(file).size
  for (let at = 0; at < length; at += size) yield { number: at / size + 1, handle: file, at }
  if (wal === undefined) return
  const end = fstatSync(wal).size
  const head = Buffer.alloc(4)
  for (let at = walHeader; at + frameHeader + size <= end; at += frameHeader + size) {
    readSync(wal, head, 0, 4, at)
    yield { number: head.readUInt32BE(0), handle: wal, at: at + frameHeader }
  }
}

function readAt(image: Image | undefined, size: number): Buffer {
  const page = Buffer.alloc(size)
  if (image) readSync(image.handle, page, 0, size, image.at)
  return page
}

function* recordsOf(pages: Pages, page: Buffer, columns: ReadonlySet<number>): Generator<Carved> {
  for (let at = 0; at < page.length - 4; at += 1) {
    if (page[at] === 0) continue
    const [length, next] = varint(page, at)
    if (length < 3 || length > 100_000) continue
    const plain = recordAt(pages, page, { at: next, length, isIndex: true }, columns)
    if (plain) yield { rowid: undefined, cells: plain }
    const [rowid, start] = varint(page, next)
    const numbered = recordAt(pages, page, { at: start, length, isIndex: false }, columns)
    if (numbered) yield { rowid, cells: numbered }
  }
}

interface Place {
  readonly at: number
  readonly length: number
  readonly isIndex: boolean
}

function recordAt(pages: Pages, page: Buffer, place: Place, columns: ReadonlySet<number>): Cell[] | undefined {
  const types = typesAt(page, place.at, place.length)
  if (!types || !columns.has(types.length)) return undefined
  const record = wholeRecord(pages, page, place)
  return record && cellsOf(record, types)
}

/** The types of the columns; undefined where their sizes do not add up to the length of the record. */
function typesAt(page: Buffer, at: number, length: number): number[] | undefined {
  const [headerLength, first] = varint(page, at)
  if (headerLength < 2 || headerLength > 64 || at + headerLength > page.length) return undefined
  const types: number[] = []
  let total = headerLength
  let next = first
  while (next < at + headerLength) {
    const [type, after] = varint(page, next)
    types.push(type)
    total += sizeOf(type)
    // Nearly every byte of a page begins no record, and shows it here.
    if (total > length) return undefined
    next = after
  }
  return next === at + headerLength && total === length ? types : undefined
}

/** What lies in the page itself, and the pages that the rest flows over into. */
function wholeRecord({ size, count, read }: Pages, page: Buffer, { at, length, isIndex }: Place): Buffer | undefined {
  const local = localLength(size, length, isIndex)
  if (at + local > page.length) return undefined
  const parts = [page.subarray(at, at + local)]
  let [missing, next] = [length - local, at + local]
  for (let from = page; missing > 0; ) {
    const number = next + 4 <= from.length ? from.readUInt32BE(next) : 0
    if (number < 2 || number > count) return undefined
    from = read(number)
    parts.push(from.subarray(4, 4 + Math.min(missing, size - 4)))
    missing -= size - 4
    next = 0
  }
  return Buffer.concat(parts)
}

function localLength(size: number, length: number, isIndex: boolean): number {
  const most = isIndex ? Math.floor(((size - 12) * 64) / 255) - 23 : size - 35
  if (length <= most) return length
  const least = Math.floor(((size - 12) * 32) / 255) - 23
  const kept = least + ((length - least) % (size - 4))
  return kept <= most ? kept : least
}

function cellsOf(record: Buffer, types: readonly number[]): Cell[] {
  let at = varint(record, 0)[0]
  return types.map((type) => {
    const bytes = record.subarray(at, at + sizeOf(type))
    at += bytes.length
    return cellOf(type, bytes)
  })
}

const sizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0]

function sizeOf(type: number): number {
  return sizes[type] ?? Math.floor((type - 12) / 2)
}

function cellOf(type: number, bytes: Buffer): Cell {
  if (type >= 12) return type % 2 === 0 ? Buffer.from(bytes) : bytes.toString()
  if (type === 0) return null
  if (type === 7) return bytes.readDoubleBE(0)
  if (type >= 8) return type - 8
  return bytes.length === 8 ? Number(bytes.readBigInt64BE(0)) : bytes.readIntBE(0, bytes.length)
}

/** A number of up to nine bytes and the place behind it. */
function varint(bytes: Buffer, at: number): [number, number] {
  let value = 0
  for (let i = 0; i < 8; i += 1) {
    const byte = bytes[at + i] ?? 0
    value = value * 128 + (byte & 127)
    if (byte < 128) return [value, at + i + 1]
  }
  return [value * 256 + (bytes[at + 8] ?? 0), at + 9]
}
