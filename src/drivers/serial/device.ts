import type { SerialSettings } from '../decoders.ts'

/** An open serial device of the system. */
export interface Device {
  write(bytes: Uint8Array): void
  /** Resolves when the file descriptor is given back. May be called again. */
  close(): Promise<void>
}

export interface DeviceListener {
  heard(bytes: Uint8Array): void
  /** The device went away or failed; told at most once, and not after `close`. */
  lost(): void
}

/**
 * Opens the serial device of a sensor, 8 data bits, through the `serialport` package, which is loaded here and not
 * before: a box without serial sensors never does. Rejects with the package's own error when it cannot be opened.
 */
export async function openDevice(settings: SerialSettings, listener: DeviceListener): Promise<Device> {
  const { SerialPort } = await import('serialport')
  const port = new SerialPort({
    path: settings.port,
    baudRate: settings.baud,
    parity: settings.kind === 'modbus-counter' ? settings.parity : 'none',
    autoOpen: false,
    // Dropping DTR on close would reset the usual microcontroller boards, and with them their totals.
    hupcl: false,
  })
  let isOver = false
  let closing: Promise<void> | undefined

  function close(): Promise<void> {
    isOver = true
    closing ??= new Promise((resolve) => {
      if (!port.isOpen) return resolve()
      port.close(() => resolve())
    })
    return closing
  }

  function lose(): void {
    if (isOver) return
    void close()
    listener.lost()
  }

  port.on('data', (bytes: Buffer) => {
    if (!isOver) listener.heard(bytes)
  })
  // An unplug shows as `close` with an error, as `error`, or as the end of the stream; it depends on kernel and driver.
  port.on('close', lose).on('error', lose).on('end', lose)
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  // A terminal that hangs up between two reads gives 0 bytes for ever, and serialport 13 then reads it again and
  // again, 5 MB a second, until closed. Its poller knows better, so we ask it as well.
  if (port.port && 'poller' in port.port) port.port.poller.once('disconnect', lose)
  return {
    write(bytes) {
      if (!isOver && port.isOpen) port.write(Buffer.from(bytes), () => {})
    },
    close,
  }
}
