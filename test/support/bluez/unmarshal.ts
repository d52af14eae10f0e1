/** What a method call says of itself: enough to answer it. */
export interface Call {
  readonly kind: number
  readonly serial: number
  readonly wantsReply: boolean
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly sender: string
  /** The leading strings of the body, if its signature begins with strings. */
  readonly strings: readonly string[]
}

/** Cuts a stream of bytes into little-endian messages. */
export function createSplitter(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const messages: Buffer[] = []
    for (let size = sizeOf(rest); size > 0 && size <= rest.length; size = sizeOf(rest)) {
      messages.push(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
    return messages
  }
}

// 0: not enough is there to tell.
function sizeOf(bytes: Buffer): number {
  if (bytes.length < 16) return 0
  return padded(16 + bytes.readUInt32LE(12), 8) + bytes.readUInt32LE(4)
}

const padded = (at: number, to: number): number => at + ((to - (at % to)) % to)

export function callOf(message: Buffer): Call {
  const fields = headerFields(message)
  const word = (code: number): string => String(fields.get(code) ?? '')
  return {
    kind: message[1]!,
    serial: message.readUInt32LE(8),
    wantsReply: (message[2]! & 1) === 0,
    path: word(1),
    interface: word(2),
    member: word(3),
    sender: word(7),
    strings: leadingStrings(message, word(8)),
  }
}

function headerFields(message: Buffer): Map<number, string | number> {
  const fields = new Map<number, string | number>()
  const end = 16 + message.readUInt32LE(12)
  for (let at = 16; at < end; at = padded(at, 8)) {
    const code = message[at]!
    const type = String.fromCharCode(message[at + 2]!)
    at += 4
    if (type === 'u') fields.set(code, message.readUInt32LE(at))
    const isShort = type === 'g'
    const length = type === 'u' ? 0 : isShort ? message[at]! : message.readUInt32LE(at)
    const start = at + (isShort ? 1 : 4)
    if (type !== 'u') fields.set(code, message.toString('utf8', start, start + length))
    at = start + (type === 'u' ? 0 : length + 1)
  }
  return fields
}

function leadingStrings(message: Buffer, signature: string): string[] {
  const found: string[] = []
  let at = padded(16 + message.readUInt32LE(12), 8)
  for (const type of signature) {
    if (type !== 's' && type !== 'o') break
    at = padded(at, 4)
    const length = message.readUInt32LE(at)
    found.push(message.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length + 1
  }
  return found
}
