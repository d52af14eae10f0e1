import { afterEach } from 'vitest'
import { type Mosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.ts'
import { type Listener, listenTo } from './uplink.ts'

/** Brokers and those who listen to them, each until its test is over. */
export interface Brokers {
  broker(options?: MosquittoOptions): Promise<Mosquitto>
  listener(url: string): Promise<Listener>
  /** Ends with the test, the last first. */
  ends(end: () => Promise<void> | void): void
}

/** Call once in a test file. */
export function useBrokers(): Brokers {
  const endings: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
  })
  return {
    async broker(options = {}) {
      const mosquitto = await startMosquitto(options)
      endings.push(mosquitto.stop)
      return mosquitto
    },
    async listener(url) {
      const heard = await listenTo(url)
      endings.push(heard.close)
      return heard
    },
    ends: (end) => void endings.push(end),
  }
}
