import {
  align,
  ascii,
  breakOff,
  type Cursor,
  createCursor,
  longAt,
  openArray,
  readByte,
  readLong,
  readSignature,
  readText,
} from './cursor.ts'
import { skipVariantValue } from './skip.ts'

export const messageType = { call: 1, answer: 2, error: 3, signal: 4 } as const
/** Nobody waits for the answer; the service must not be started for it. */
export const messageFlag = { noReply: 1, noStart: 2 } as const
/** Codes of the header fields. */
export const field = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  sender: 7,
  signature: 8,
  unixFds: 9,
} as const

/** A text in a message; length 0 where the message has none. */
export interface Span {
  at: number
  length: number
}

/** A message whose header was read, and the cursor at the start of its body. One object serves for all messages. */
export interface Message extends Cursor {
  type: number
  flags: number
  serial: number
  replySerial: number
  readonly path: Span
  readonly interface: Span
  readonly member: Span
  readonly errorName: Span
  readonly sender: Span
  readonly signature: Span
}

/** Length of the part of a header that is always there. */
export const fixedHeader = 16
const [little, big] = [0x6c, 0x42]
const protocolVersion = 1
// D-Bus Specification, "Message Format": header fields at most 2^26 bytes, a message 2^27.
const longestFields = 2 ** 26
const longestMessage = 2 ** 27

const nowhere = new Uint8Array(fixedHeader)

export function createMessage(): Message {
  const span = (): Span => ({ at: 0, length: 0 })
  return {
    ...createCursor(nowhere),
    type: 0,
    flags: 0,
    serial: 0,
    replySerial: 0,
    path: span(),
    interface: span(),
    member: span(),
    errorName: span(),
    sender: span(),
    signature: span(),
  }
}

/** Whole length of the message at `at`, of which fixedHeader bytes are there; -1 where no message can start. */
export function messageLength(bytes: Uint8Array, at: number): number {
  const isLittle = bytes[at] === little
  if (!isLittle && bytes[at] !== big) return -1
  if (bytes[at + 3] !== protocolVersion) return -1
  const fields = longAt(bytes, at + 12, isLittle)
  const body = longAt(bytes, at + 4, isLittle)
  if (fields > longestFields || body > longestMessage) return -1
  const length = fixedHeader + ((fields + 7) & -8) + body
  return length > longestMessage ? -1 : length
}

/** Reads the header of the message of `length` bytes at `start`. False when it is malformed. */
export function readHeader(message: Message, bytes: Uint8Array, start: number, length: number): boolean {
  message.bytes = bytes
  message.base = start
  message.end = start + length
  message.isLittle = bytes[start] === little
  message.isBroken = length < fixedHeader
  message.type = bytes[start + 1]!
  message.flags = bytes[start + 2]!
  message.at = start + 8
  message.serial = readLong(message)
  readFields(message)
  return !message.isBroken && message.type !== 0 && message.serial !== 0
}

/** Forgets where the last message was. */
export function leave(message: Message): void {
  message.bytes = nowhere
  message.at = message.end
  message.isBroken = true
}

function readFields(message: Message): void {
  clearFields(message)
  const end = openArray(message, 8)
  while (message.at < end && !message.isBroken) {
    align(message, 8)
    readField(message, readByte(message))
  }
  if (message.at !== end) message.isBroken = true
  align(message, 8)
}

function clearFields(message: Message): void {
  message.replySerial = 0
  message.path.length = 0
  message.interface.length = 0
  message.member.length = 0
  message.errorName.length = 0
  message.sender.length = 0
  message.signature.length = 0
}

/** Types of the header fields, by their code: o s s s u s s g u. */
const fieldTypes = ascii(' osssussgu')

function readField(message: Message, code: number): void {
  readSignature(message)
  if (code >= fieldTypes.length) return skipVariantValue(message)
  if (message.textLength !== 1 || message.bytes[message.textAt] !== fieldTypes[code]) return breakOff(message)
  if (code === field.replySerial) message.replySerial = readLong(message)
  else if (code === field.unixFds) readLong(message)
  else keep(message, code)
}

function keep(message: Message, code: number): void {
  if (code === field.signature) readSignature(message)
  else readText(message)
  const span = spanOf(message, code)
  if (!span) return
  span.at = message.textAt
  span.length = message.textLength
}

function spanOf(message: Message, code: number): Span | undefined {
  if (code === field.path) return message.path
  if (code === field.interface) return message.interface
  if (code === field.member) return message.member
  if (code === field.errorName) return message.errorName
  if (code === field.sender) return message.sender
  return code === field.signature ? message.signature : undefined
}

/** Was the body read to its end, and all of it well formed? */
export function isWhole(message: Message): boolean {
  return !message.isBroken && message.at === message.end
}
