import { ascii } from './cursor.ts'
import { field, fixedHeader, messageFlag, messageType } from './message.ts'

/** Writes one message at a time into a buffer of its own, little-endian. */
export interface Writer {
  readonly bytes: Uint8Array
  at: number
}

/** `capacity` in bytes; at most 64 would lie on the heap. */
export function createWriter(capacity: number): Writer {
  return { bytes: new Uint8Array(Math.max(capacity, 128)), at: 0 }
}

export interface CallTarget {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
}

/** What a message that answers goes to: bytes of the call, still in its buffer. */
export interface AnswerTarget {
  readonly bytes: Uint8Array
  readonly senderAt: number
  readonly senderLength: number
  readonly serial: number
}

/** Starts a call; the path may be in bytes, for those that hold an address. Then comes its body, then `finish`. */
export function startCall(
  writer: Writer,
  serial: number,
  target: CallTarget | Omit<CallTarget, 'path'>,
  { signature = '', flags = 0, path }: { signature?: string; flags?: number; path?: Uint8Array } = {},
): void {
  startHeader(writer, messageType.call, flags, serial)
  startField(writer, field.path, 'o')
  if (path) putBytesText(writer, path, path.length)
  else if ('path' in target) putText(writer, target.path)
  putField(writer, field.interface, 's', target.interface)
  putField(writer, field.member, 's', target.member)
  putField(writer, field.destination, 's', target.destination)
  endHeader(writer, signature)
}

/** Starts a signal such as BlueZ sends them; nobody but `drempel prove` does, to its own reader. */
export function startSignal(
  writer: Writer,
  serial: number,
  source: Omit<CallTarget, 'destination'>,
  signature: string,
): void {
  startHeader(writer, messageType.signal, messageFlag.noReply, serial)
  putField(writer, field.path, 'o', source.path)
  putField(writer, field.interface, 's', source.interface)
  putField(writer, field.member, 's', source.member)
  endHeader(writer, signature)
}

/** Starts the answer to a call. */
export function startAnswer(writer: Writer, serial: number, to: AnswerTarget, signature = ''): void {
  startHeader(writer, messageType.answer, messageFlag.noReply, serial)
  putAddressee(writer, to)
  endHeader(writer, signature)
}

/** Starts an error that answers a call. Its text is ours and fixed: nothing of the call is quoted. */
export function startError(writer: Writer, serial: number, to: AnswerTarget, name: string): void {
  startHeader(writer, messageType.error, messageFlag.noReply, serial)
  putField(writer, field.errorName, 's', name)
  putAddressee(writer, to)
  endHeader(writer, '')
}

function putAddressee(writer: Writer, { bytes, senderAt, senderLength, serial }: AnswerTarget): void {
  startField(writer, field.destination, 's')
  putBytesText(writer, bytes.subarray(senderAt, senderAt + senderLength), senderLength)
  startField(writer, field.replySerial, 'u')
  putLong(writer, serial)
}

function startHeader(writer: Writer, type: number, flags: number, serial: number): void {
  writer.at = 0
  for (const byte of [0x6c, type, flags, 1]) putByte(writer, byte)
  putLong(writer, 0)
  putLong(writer, serial)
  putLong(writer, 0)
}

function endHeader(writer: Writer, signature: string): void {
  if (signature) {
    startField(writer, field.signature, 'g')
    putSignature(writer, signature)
  }
  setLong(writer, 12, writer.at - fixedHeader)
  pad(writer, 8)
  // Where the body starts is kept where its length will stand.
  setLong(writer, 4, writer.at)
}

/** Completes the message; it is the first `at` bytes. */
export function finish(writer: Writer): Uint8Array {
  const { bytes, at } = writer
  const start = bytes[4]! | (bytes[5]! << 8) | (bytes[6]! << 16) | (bytes[7]! << 24)
  setLong(writer, 4, at - start)
  return bytes.subarray(0, at)
}

function startField(writer: Writer, code: number, type: string): void {
  pad(writer, 8)
  putByte(writer, code)
  putSignature(writer, type)
}

function putField(writer: Writer, code: number, type: string, text: string): void {
  startField(writer, code, type)
  putText(writer, text)
}

export function pad(writer: Writer, size: number): void {
  while (writer.at % size !== 0) putByte(writer, 0)
}

export function putByte(writer: Writer, value: number): void {
  writer.bytes[writer.at++] = value
}

export function putShort(writer: Writer, value: number): void {
  pad(writer, 2)
  putByte(writer, value)
  putByte(writer, value >> 8)
}

export function putLong(writer: Writer, value: number): void {
  pad(writer, 4)
  setLong(writer, writer.at, value)
  writer.at += 4
}

function setLong({ bytes }: Writer, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i)
}

/** ASCII only. */
export function putText(writer: Writer, text: string): void {
  const bytes = ascii(text)
  putBytesText(writer, bytes, bytes.length)
}

export function putBytesText(writer: Writer, text: Uint8Array, length: number): void {
  putLong(writer, length)
  for (let i = 0; i < length; i++) putByte(writer, text[i]!)
  putByte(writer, 0)
}

export function putSignature(writer: Writer, signature: string): void {
  putByte(writer, signature.length)
  for (const byte of ascii(signature)) putByte(writer, byte)
  putByte(writer, 0)
}

/** An array of elements that align to `size`, written by `elements`. */
export function putArray(writer: Writer, size: number, elements: () => void): void {
  putLong(writer, 0)
  const lengthAt = writer.at - 4
  pad(writer, size)
  const start = writer.at
  elements()
  setLong(writer, lengthAt, writer.at - start)
}
