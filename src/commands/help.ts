import { parseArgs } from 'node:util'
import { GatewayError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'

/** What a command is called, takes and does: help, argument parsing and the table in README come from here. */
export interface CommandRow {
  readonly name: string
  /** Positional arguments, such as 'KIND HEX'; in brackets those that may be left out, which come last. */
  readonly takes: readonly string[]
  /** One clause. */
  readonly does: string
  readonly options: Readonly<Record<string, OptionRow>>
  readonly examples: readonly string[]
}

export interface OptionRow {
  /** Name of the value in help, such as 'FILE'; without it the option is a switch. */
  readonly value?: string
  readonly does: string
}

const config = { value: 'FILE', does: 'the configuration; else ./drempel.yaml, then /etc/drempel/drempel.yaml' }
const json = { does: 'print JSON, for programs' }

export const commands: readonly CommandRow[] = [
  {
    name: 'demo',
    takes: [],
    does: 'show the whole product with nothing attached: a virtual shop, a broker, the pages',
    options: {
      speed: { value: 'N', does: 'how many times faster than real time the virtual shop lives' },
      for: { value: 'DURATION', does: 'stop after this long, such as 30s or 10m' },
      port: { value: 'PORT', does: 'port of the page; 0 is any free one' },
    },
    examples: ['drempel demo', 'drempel demo --for 60s'],
  },
  {
    name: 'run',
    takes: [],
    does: 'run the service: sensors in, protected numbers out',
    options: { config },
    examples: ['drempel run --config /etc/drempel/drempel.yaml'],
  },
  {
    name: 'replay',
    takes: ['RECORDING'],
    does: 'send a recording of raw readings through the real pipeline',
    options: { config, json },
    examples: ['drempel replay monday.jsonl --config drempel.yaml'],
  },
  {
    name: 'check',
    takes: [],
    does: 'check the configuration and say in plain words what it measures and sends',
    options: {
      config,
      json,
      accept: { does: 'let a configuration that is less private than the last one take effect' },
    },
    examples: ['drempel check', 'drempel check --config shop.yaml --json'],
  },
  {
    name: 'prove',
    takes: [],
    does: 'search a shadow of this box full of made-up devices, and the box itself, for traces of anybody',
    options: {
      config,
      json,
      keep: { does: 'keep the files of the shadow, to look for oneself' },
      shadow: { does: 'be the shadow: used by prove itself, which feeds it' },
    },
    examples: ['drempel prove', 'drempel prove --config shop.yaml --json'],
  },
  {
    name: 'config-schema',
    takes: [],
    does: 'print the JSON Schema of the configuration, for completion in editors',
    options: {},
    examples: ['drempel config-schema > drempel.schema.json'],
  },
  {
    name: 'decode',
    takes: ['KIND', 'HEX'],
    does: 'read one frame of a sensor: advert, ld2450, ld2410, rd03d, tf-luna or modbus',
    options: {},
    examples: ['drempel decode tf-luna "59 59 64 00 f4 01 98 0c af"'],
  },
  {
    name: 'consent',
    takes: ['ACTION', '[FILE]'],
    does: 'status, verify, verify-receipt, export or withdraw: what shoppers agreed to',
    options: {
      config,
      json,
      key: { value: 'ID', does: 'the key that must have signed a receipt, as the sign in the shop says' },
    },
    examples: [
      'drempel consent status',
      'drempel consent verify',
      'drempel consent verify-receipt receipt.json',
      'drempel consent withdraw - < receipt.json',
    ],
  },
  {
    name: 'relay',
    takes: [],
    does: "head office: the shoppers' page of the chain; passes on what it cannot read",
    options: { config: { value: 'FILE', does: 'its own configuration; else ./relay.yaml' } },
    examples: ['drempel relay --config relay.yaml'],
  },
]

/** The row of a command. @throws COMMAND_WRONG_USE for an unknown one, naming the nearest */
export function commandNamed(name: string): CommandRow {
  const row = commands.find((candidate) => candidate.name === name)
  if (row) return row
  const near = nearest(
    name,
    commands.map((candidate) => candidate.name),
  )
  const fix = near ? `Did you mean \`drempel ${near}\`?` : '`drempel --help` lists the commands.'
  throw new GatewayError('COMMAND_WRONG_USE', 'There is no such command.', { fix })
}

/** What stood behind a command: `text('config')` of an option with a value, `has('json')` of a switch. */
export interface Arguments {
  readonly positionals: readonly string[]
  text(option: string): string | undefined
  has(option: string): boolean
}

/** Parses what stands behind a command's name. @throws COMMAND_WRONG_USE */
export function parseCommand(name: string, args: readonly string[]): Arguments {
  const row = commandNamed(name)
  const { values, positionals } = parse(row, args)
  const needed = row.takes.filter((name) => !name.startsWith('['))
  if (positionals.length < needed.length) {
    throw wrongUse(row, `It needs ${needed.join(' and ')}.`)
  }
  if (positionals.length > row.takes.length && name !== 'decode') throw wrongUse(row, 'It takes no more arguments.')
  return {
    positionals,
    text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
    has: (option) => values[option] === true,
  }
}

function parse(row: CommandRow, args: readonly string[]) {
  const types = Object.entries(row.options).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' }])
  const options: Record<string, { type: 'string' | 'boolean' }> = Object.fromEntries(types)
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw wrongUse(row, optionFault(row, args, error))
  }
}

// Node's own messages quote the argument, which may be the wrong thing pasted.
function optionFault(row: CommandRow, args: readonly string[], error: unknown): string {
  const names = Object.keys(row.options)
  const unknown = args.find((arg) => arg.startsWith('--') && !names.includes(nameOf(arg)))
  const near = unknown && nearest(nameOf(unknown), names)
  if (near) return `Did you mean --${near}?`
  if (unknown)
    return names.length > 0 ? `Its options are ${names.map((name) => `--${name}`).join(', ')}.` : 'It has no options.'
  return error instanceof Error && 'code' in error && error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'
    ? 'An option has a value too much or too few.'
    : 'Its options begin with two dashes.'
}

function nameOf(option: string): string {
  return option.slice(2).split('=')[0] ?? ''
}

function wrongUse(row: CommandRow, detail: string): GatewayError {
  return new GatewayError('COMMAND_WRONG_USE', detail, { fix: `\`drempel ${row.name} --help\` says how.` })
}

/** The page that `drempel --help` prints. */
export function helpText(version: string): string {
  const widest = Math.max(...commands.map((row) => synopsis(row).length))
  return [
    `Drempel ${version}: counts the people who step over a shop's sill. Only blurred totals leave the box.`,
    '',
    'Usage',
    '  drempel COMMAND [options]            from a clone: npm run -s drempel -- COMMAND [options]',
    '',
    'Commands',
    ...commands.map((row) => `  ${synopsis(row).padEnd(widest)}   ${row.does}`),
    '',
    'Examples',
    '  drempel demo                          see it work, nothing attached',
    '  drempel check                         is my configuration right, and how private is it?',
    '  drempel run                           count',
    '',
    '`drempel COMMAND --help` explains one. DREMPEL_LOG=debug, info, warn or error sets how much is logged.',
    '',
  ].join('\n')
}

function synopsis({ name, takes }: CommandRow): string {
  return [name, ...takes].join(' ')
}

/** The page that `drempel COMMAND --help` prints. */
export function commandHelp(row: CommandRow): string {
  const options = Object.entries(row.options).map(([name, { value, does }]) => [
    `--${name} ${value ?? ''}`.trim(),
    does,
  ])
  const widest = Math.max(0, ...options.map(([left = '']) => left.length))
  return [
    `drempel ${synopsis(row)}${options.length > 0 ? ' [options]' : ''}`,
    `  ${row.does}`,
    ...(options.length > 0
      ? ['', 'Options', ...options.map(([left = '', does]) => `  ${left.padEnd(widest)}   ${does}`)]
      : []),
    '',
    'Examples',
    ...row.examples.map((example) => `  ${example}`),
    '',
  ].join('\n')
}
