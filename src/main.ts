#!/usr/bin/env node
import { describeError, GatewayError } from './base/errors.ts'
import { version } from './base/version.ts'
import { commandHelp, commandNamed, helpText } from './commands/help.ts'

/** A command's own part: takes what stood behind its name, resolves to the exit code. */
interface Command {
  run(args: readonly string[]): Promise<number>
}

// Loaded when called, so that `check` starts without opening a driver's library.
const load: Record<string, () => Promise<Command>> = {
  check: () => import('./commands/check.ts'),
  'config-schema': () => import('./commands/config-schema.ts'),
  consent: () => import('./commands/consent.ts'),
  decode: () => import('./commands/decode.ts'),
  demo: () => import('./commands/demo.ts'),
  prove: () => import('./commands/prove.ts'),
  relay: () => import('./commands/relay.ts'),
  replay: () => import('./commands/replay.ts'),
  run: () => import('./commands/run.ts'),
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h') return print(helpText(version))
  if (name === '--version' || name === '-v') return print(`${version}\n`)
  if (name === 'help') return print(rest[0] ? commandHelp(commandNamed(rest[0])) : helpText(version))
  const row = commandNamed(name)
  if (rest.includes('--help') || rest.includes('-h')) return print(commandHelp(row))
  const command = await load[row.name]!()
  return command.run(rest)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function fail(error: unknown): number {
  const isDebug = process.env.DREMPEL_LOG === 'debug'
  process.stderr.write(`drempel: ${sentenceOf(error)}\n`)
  if (isDebug && error instanceof Error) process.stderr.write(`${framesOf(error)}\n`)
  return error instanceof GatewayError && error.code === 'COMMAND_WRONG_USE' ? 2 : 1
}

function sentenceOf(error: unknown): string {
  if (error instanceof GatewayError) return `${describeError(error)} [${error.code}]`
  return `Something unexpected ended it (${describeError(error)}). DREMPEL_LOG=debug shows where.`
}

// Only where, not what: the first lines of a foreign error may quote data.
function framesOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return frames.join('\n')
}

process.on('uncaughtException', (error) => process.exit(fail(error)))
process.on('unhandledRejection', (error) => process.exit(fail(error)))
// Whoever read our output has seen enough, as in `drempel check | head -1`.
process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await main(process.argv.slice(2)).catch(fail)
