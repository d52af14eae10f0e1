/** D-Bus values as bytes, little-endian (D-Bus specification, "Type System" and "Message Protocol"). */
export type Value =
  | { readonly type: 'y' | 'n' | 'q' | 'i' | 'u' | 'b'; readonly value: number }
  | { readonly type: 's' | 'o' | 'g'; readonly value: string }
  | { readonly type: 'v'; readonly value: Value }
  | { readonly type: 'ay'; readonly value: Buffer }
  | { readonly type: `a${string}`; readonly items: readonly Value[] }
  | { readonly type: '{}' | '()'; readonly members: readonly Value[] }

export const kinds = { call: 1, answer: 2, error: 3, signal: 4 } as const

export interface Fields {
  readonly path?: string
  readonly interface?: string
  readonly member?: string
  readonly error?: string
  readonly replyTo?: number
  readonly destination?: string
}

export const text = (value: string): Value => ({ type: 's', value })
export const path = (value: string): Value => ({ type: 'o', value })
export const bool = (value: boolean): Value => ({ type: 'b', value: value ? 1 : 0 })
export const int16 = (value: number): Value => ({ type: 'n', value })
export const uint16 = (value: number): Value => ({ type: 'q', value })
export const uint32 = (value: number): Value => ({ type: 'u', value })
export const bytes = (value: Buffer): Value => ({ type: 'ay', value })
export const variant = (value: Value): Value => ({ type: 'v', value })
export const array = (of: string, items: readonly Value[]): Value => ({ type: `a${of}`, items })

/** a{sv} */
export function dictionary(entries: Readonly<Record<string, Value>>): Value {
  const items = Object.entries(entries).map(([key, value]) => entry(text(key), variant(value)))
  return array('{sv}', items)
}

export function entry(key: Value, value: Value): Value {
  return { type: '{}', members: [key, value] }
}

/** One whole message. `serial` stands at offset 8. */
export function messageOf(kind: number, serial: number, fields: Fields, body: readonly Value[] = []): Buffer {
  const content = new Writer()
  for (const value of body) content.write(value)
  const signature = body.map(signatureOf).join('')
  const head = new Writer()
  for (const byte of [0x6c, kind, 0, 1]) head.write({ type: 'y', value: byte })
  head.write(uint32(content.length))
  head.write(uint32(serial))
  head.write(array('(yv)', headerOf(fields, signature)))
  head.align(8)
  return Buffer.concat([head.bytes(), content.bytes()])
}

function headerOf(fields: Fields, signature: string): Value[] {
  const given: [number, Value | undefined][] = [
    [1, fields.path === undefined ? undefined : path(fields.path)],
    [2, fields.interface === undefined ? undefined : text(fields.interface)],
    [3, fields.member === undefined ? undefined : text(fields.member)],
    [4, fields.error === undefined ? undefined : text(fields.error)],
    [5, fields.replyTo === undefined ? undefined : uint32(fields.replyTo)],
    [6, fields.destination === undefined ? undefined : text(fields.destination)],
    [8, signature === '' ? undefined : { type: 'g', value: signature }],
  ]
  return given.flatMap(([code, value]): Value[] =>
    value === undefined ? [] : [{ type: '()', members: [{ type: 'y', value: code }, variant(value)] }],
  )
}

/** Of a value that stands alone; members of arrays take theirs from the array. */
export function signatureOf(value: Value): string {
  return value.type
}

const widths: Readonly<Record<string, number>> = { y: 1, g: 1, v: 1, n: 2, q: 2, '{': 8, '(': 8 }
const alignmentOf = (type: string): number => widths[type[0]!] ?? 4

class Writer {
  readonly #parts: Buffer[] = []
  length = 0

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  align(to: number): void {
    this.#append(Buffer.alloc((to - (this.length % to)) % to))
  }

  write(value: Value): void {
    this.align(alignmentOf(value.type))
    if ('members' in value) for (const member of value.members) this.write(member)
    else if ('items' in value) this.#array(value.type, value.items)
    else this.#basic(value.type, value.value)
  }

  #basic(type: string, value: number | string | Buffer | Value): void {
    if (typeof value === 'number') this.#append(number(value, alignmentOf(type)))
    else if (typeof value === 'string') this.#string(type, value)
    else if (Buffer.isBuffer(value)) this.#append(Buffer.concat([number(value.length, 4), value]))
    else this.#variant(value)
  }

  #string(type: string, content: string): void {
    const encoded = Buffer.from(content)
    this.#append(Buffer.concat([number(encoded.length, type === 'g' ? 1 : 4), encoded, Buffer.alloc(1)]))
  }

  #variant(value: Value): void {
    this.#string('g', signatureOf(value))
    this.write(value)
  }

  // The length does not count the padding before the first item.
  #array(type: string, items: readonly Value[]): void {
    const length = Buffer.alloc(4)
    this.#append(length)
    this.align(alignmentOf(type.slice(1)))
    const start = this.length
    for (const item of items) this.write(item)
    length.writeUInt32LE(this.length - start)
  }

  #append(part: Buffer): void {
    if (part.length === 0) return
    this.#parts.push(part)
    this.length += part.length
  }
}

function number(value: number, width: number): Buffer {
  const written = Buffer.alloc(width)
  if (width === 1) written.writeUInt8(value)
  else if (width === 2) written.writeUInt16LE(value & 0xffff)
  else written.writeUInt32LE(value >>> 0)
  return written
}
