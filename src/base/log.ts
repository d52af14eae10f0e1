import pino, { type Logger } from 'pino'

/** Warn: nothing lost. Error: something lost or a promise at risk. No line per reading, never a payload or an address. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** One JSON line an event, on standard error or to `write`; the level comes from DREMPEL_LOG. */
export function openLog(level: string = process.env.DREMPEL_LOG ?? 'info', write?: (line: string) => void): Log {
  const known = ['debug', 'info', 'warn', 'error', 'silent']
  const options = {
    level: known.includes(level) ? level : 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return pino(options, write ? { write } : pino.destination({ fd: 2, sync: true }))
}

/** For parts that must stay quiet. */
export const silentLog: Log = pino({ level: 'silent' })
