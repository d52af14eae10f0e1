import { describeError, GatewayError } from '../../base/errors.ts'
import { watchWithGpiomon } from './gpiomon.ts'
import type { LineWatch, WatchLines } from './lines.ts'
import { watchWithOnoff } from './onoff.ts'

/** gpiomon for its kernel stamps; onoff only where gpiomon or its chips are missing, since a busy line is busy for both. */
export async function watchWithEither(...given: Parameters<WatchLines>): Promise<LineWatch> {
  try {
    return await watchWithGpiomon(...given)
  } catch (error) {
    if (!isMissing(error)) throw error
    try {
      return await watchWithOnoff(...given)
    } catch (second) {
      if (!isMissing(second)) throw second
      throw neither(error, second)
    }
  }
}

function isMissing(error: unknown): error is GatewayError {
  return error instanceof GatewayError && missingCodes.includes(error.code)
}

const missingCodes: readonly string[] = ['DRIVER_GPIO_NO_CHIP', 'DRIVER_GPIO_UNAVAILABLE']

function neither(gpiomon: GatewayError, onoff: GatewayError): GatewayError {
  const detail = `With gpiomon: ${describeError(gpiomon)} With onoff: ${describeError(onoff)}`
  return new GatewayError('DRIVER_GPIO_UNAVAILABLE', detail)
}
