import { GatewayError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { decodeAdvert } from '../drivers/ble/advert.ts'
import { decodeFrame, frameKinds } from '../drivers/decode.ts'
import { parseCommand } from './help.ts'

const kinds = ['advert', ...frameKinds]
const mostBytes = 4096

/** Prints one frame as a line of JSON. Exit code 1 when it cannot be decoded; the line then says why. */
export async function run(args: readonly string[]): Promise<number> {
  const [kind = '', ...hex] = parseCommand('decode', args).positionals
  if (!kinds.includes(kind)) throw unknownKind(kind)
  const bytes = bytesOf(hex.join(' '))
  const decoded = kind === 'advert' ? decodeAdvert(bytes) : decodeFrame(kind, bytes)
  process.stdout.write(`${JSON.stringify(decoded)}\n`)
  return decoded.format === 'unknown' ? 1 : 0
}

function unknownKind(kind: string): GatewayError {
  const near = nearest(kind, kinds)
  const fix = near ? `Did you mean ${near}?` : `KIND is one of ${kinds.join(', ')}.`
  return new GatewayError('COMMAND_WRONG_USE', 'There is no such KIND.', { fix })
}

/** Hex digits, with or without spaces, colons, commas or 0x. @throws COMMAND_WRONG_USE */
function bytesOf(hex: string): Uint8Array {
  const digits = hex.replace(/0x/gi, '').replace(/[\s:,]/g, '')
  const fix = 'HEX is two digits (0-9, a-f) a byte, such as "59 59 64 00".'
  if (!/^[0-9a-f]+$/i.test(digits)) throw new GatewayError('COMMAND_WRONG_USE', 'HEX holds something else.', { fix })
  if (digits.length % 2 === 1) throw new GatewayError('COMMAND_WRONG_USE', 'HEX ends in half a byte.', { fix })
  if (digits.length > 2 * mostBytes)
    throw new GatewayError('COMMAND_WRONG_USE', `HEX is longer than ${mostBytes} bytes.`)
  return Buffer.from(digits, 'hex')
}
