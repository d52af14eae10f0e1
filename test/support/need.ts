import { spawnSync } from 'node:child_process'

/**
 * Is a system program there? Without it a real-part test is skipped with a message; with CI=true its absence is a failure.
 * Use: `describe.skipIf(!need('mosquitto'))('...')`.
 */
export function need(program: string): boolean {
  const found =
    spawnSync('sh', ['-c', `command -v ${program}`]).status === 0 ||
    spawnSync(`/usr/sbin/${program}`, ['-h']).error === undefined
  return found || missing(`the program '${program}'`)
}

/** Says why a real-part test is skipped; throws under CI. Returns false so that it can end a condition. */
export function missing(what: string): false {
  if (process.env.CI) throw new Error(`${what} is missing; .ci/run must install it`)
  console.warn(`skipped: ${what} is missing (see .ci/run)`)
  return false
}

/** The number of trials: few at a developer's desk, more under CI=true. */
export function trials(few: number, many: number): number {
  return process.env.CI ? many : few
}
