import type { Hear } from './reading.ts'
import type { FrameDecoder } from './serial/framer.ts'
import { createJsonLinesDecoder } from './serial/json-lines.ts'
import { createLd2410Decoder } from './serial/ld2410.ts'
import { createLd2450Decoder } from './serial/ld2450.ts'
import { createModbusDecoder } from './serial/modbus.ts'
import { createRd03dDecoder } from './serial/rd03d.ts'
import { createTfLunaDecoder } from './serial/tf-luna.ts'
import type { SensorSettings } from './settings.ts'

/** The sensors that send bytes. */
export type SerialSettings = Extract<SensorSettings, { readonly port: string }>

/** The decoder of a sensor's bytes, for its serial port and for a recording alike. One that sends none is deaf. */
export function createDecoder(settings: SensorSettings, hear: Hear): FrameDecoder {
  switch (settings.kind) {
    case 'ld2450':
      return createLd2450Decoder(settings, hear)
    case 'rd03d':
      return createRd03dDecoder(settings, hear)
    case 'ld2410':
      return createLd2410Decoder(settings, hear)
    case 'tf-luna':
      return createTfLunaDecoder(settings, hear)
    case 'json-lines':
      return createJsonLinesDecoder(settings, hear)
    case 'modbus-counter':
      return createModbusDecoder(settings, hear)
    case 'beam-pair':
    case 'ble':
      return createDeafDecoder()
  }
}

function createDeafDecoder(): FrameDecoder {
  let dropped = 0
  return {
    push() {
      dropped++
    },
    get dropped() {
      return dropped
    },
    frames: 0,
  }
}
