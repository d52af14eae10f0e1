import { configJsonSchema } from '../config.ts'
import { parseCommand } from './help.ts'

/** Prints the JSON Schema of the configuration. */
export async function run(args: readonly string[]): Promise<number> {
  parseCommand('config-schema', args)
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  return 0
}
