import type { SerialSettings } from '../decoders.ts'

/** What staff read when a serial sensor is down: one plain sentence with the fix. No bytes, no foreign error texts. */

/** Why a device could not be opened, from the error of the `serialport` package, which has a text but no code. */
export function openReason({ port, id }: SerialSettings, error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  if (text.includes('No such file')) return `Nothing is plugged in at ${port}: plug in ${id}, or correct its port.`
  if (text.includes('Permission denied')) return `Drempel may not open ${port}: add its user to the group dialout.`
  if (text.includes('Cannot lock port') || text.includes('busy')) {
    return `Another program is using ${port}: end that program, or give each sensor a port of its own.`
  }
  if (text.includes('Inappropriate ioctl')) return `${port} is not a serial port: correct the port of ${id}.`
  if (text.includes('baud')) return `${port} cannot run at the baud rate given: correct the baud of ${id}.`
  return `${port} could not be opened: unplug ${id}, plug it in again and run \`drempel doctor\`.`
}

/** Why an open device was given up. */
export function lostReason({ port, id }: SerialSettings): string {
  return `${port} went away: check the plug and the cable of ${id}.`
}

/** Why an open device counts as silent: whether any bytes came, and for Modbus what the device answered. */
export function silenceReason(
  settings: SerialSettings,
  heard: { bytes: number; exception: number | undefined },
): string {
  const { id, port, kind, baud } = settings
  if (kind === 'modbus-counter' && heard.exception !== undefined) {
    return `${id} refuses a register with Modbus exception ${heard.exception}: correct fc, addr and words in its registers.`
  }
  if (heard.bytes > 0) return `What ${id} sends is not understood: check its kind (${kind}) and baud (${baud}).`
  if (kind === 'modbus-counter')
    return `${id} does not answer on ${port}: check its power, wires A and B, and slave number.`
  return `${id} is silent on ${port}: check its power and that its TX wire goes to RX.`
}
