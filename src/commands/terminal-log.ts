import { type Log, openLog } from '../base/log.ts'

/** The log as whoever watches wants it: JSON lines for a journal or a file, sentences on a terminal. */
export function openTerminalLog(usual: string): Log {
  const level = process.env.DREMPEL_LOG ?? usual
  if (!process.stderr.isTTY) return openLog(level)
  return openLog(level, (line) => process.stderr.write(asSentence(line)))
}

const labels: Record<number, string> = { 20: 'debug', 40: 'warning', 50: 'error' }

/** One line of the log, as pino writes it, as a line to read: `10:05:07  warning  aisle: Nothing is plugged in.` */
export function asSentence(line: string): string {
  const { level, time, msg, sensor, ...others } = JSON.parse(line) as Record<string, unknown>
  const label = labels[Number(level)]
  const about = typeof sensor === 'string' ? `${sensor}: ` : ''
  const rest = Object.entries(others).map(([key, value]) => `${key}: ${plain(value)}`)
  const detail = rest.length > 0 ? ` (${rest.join(', ')})` : ''
  return `${clockTime(String(time))}  ${label ? `${label}  ` : ''}${about}${String(msg ?? '')}${detail}\n`
}

function clockTime(instant: string): string {
  return new Date(instant).toLocaleTimeString('en-GB')
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join('; ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
