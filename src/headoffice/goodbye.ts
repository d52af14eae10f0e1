import type { MqttClient } from 'mqtt'
import { second } from '../base/duration.ts'

/** Ends a connection in peace; without an answer within a second, without one. */
export async function sayGoodbye(client: MqttClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Once it began to end in peace, mqtt.js waits for the broker for ever and cannot be told to hurry.
  const giveUp = setTimeout(() => {
    client.stream.destroy()
    resolve()
  }, second)
  client.end(false, {}, () => resolve())
  await promise
  clearTimeout(giveUp)
}
