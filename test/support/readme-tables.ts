import { errorTable } from '../../src/base/errors.ts'
import type { SchemaPart } from '../../src/base/json-schema.ts'
import { constantsOf, nounOf } from '../../src/base/schema-errors.ts'
import { commands } from '../../src/commands/help.ts'
import { configJsonSchema } from '../../src/config.ts'

/** The parts of README that are made from code, by the name in their marker. */
export function readmeTables(): ReadonlyMap<string, string> {
  const { properties = {}, required = [] } = configJsonSchema()
  const { sensors, ...others } = properties
  const { items } = sensors ?? {}
  const top = { properties: others, required: required.filter((key) => key !== 'sensors') }
  return new Map([
    ['config', table(['Key', 'Value', 'Default', 'Meaning'], rowsOf(top, ''))],
    ['sensors', table(['Kind', 'Key', 'Value', 'Default', 'Meaning'], sensorRows(items ? items.oneOf : []))],
    ['commands', table(['Command', 'Does', 'Options'], commands.map(commandRow))],
    [
      'errors',
      table(
        ['Code', 'Meaning'],
        Object.entries(errorTable).map(([code, meaning]) => [`\`${code}\``, meaning]),
      ),
    ],
  ])
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function rowsOf(part: SchemaPart, path: string): string[][] {
  return Object.entries(part.properties ?? {}).flatMap(([key, inner]) => {
    const here = path ? `${path}.${key}` : key
    const items = inner.items || {}
    const isOptional = inner.default === undefined && !part.required?.includes(key)
    if (inner.properties) return [...(isOptional ? [row(here, inner, part, key)] : []), ...rowsOf(inner, here)]
    if (items.properties) return [row(here, inner, part, key), ...rowsOf(items, `${here}[]`)]
    return [row(here, inner, part, key)]
  })
}

function row(path: string, part: SchemaPart, parent: SchemaPart, key: string): string[] {
  return [`\`${path}\``, valueText(part), defaultText(part, parent.required?.includes(key)), part.description ?? '']
}

function valueText(part: SchemaPart): string {
  const constants = constantsOf(part)
  if (constants) return constants.map((constant) => `\`${constant}\``).join(', ')
  if (part.minimum !== undefined && part.maximum !== undefined)
    return `${nounOf(part)}, ${part.minimum} to ${part.maximum}`
  return nounOf(part)
}

function defaultText({ default: standard }: SchemaPart, isRequired: boolean | undefined): string {
  if (standard !== undefined) return `\`${typeof standard === 'string' ? standard : JSON.stringify(standard)}\``
  return isRequired ? '**required**' : ''
}

/** Rows that several kinds have alike come once. */
function sensorRows(kinds: readonly SchemaPart[] = []): string[][] {
  const rows = kinds.flatMap((kind) =>
    rowsOf(kind, '')
      .filter(([key]) => key !== '`kind`')
      .map((cells) => ({ kind: `\`${kind.properties?.kind?.const}\``, cells })),
  )
  const alike = Map.groupBy(rows, ({ cells }) => cells.join('|'))
  return [...alike.values()].map((group) => {
    const names = group.map(({ kind }) => kind).join(', ')
    return [group.length === kinds.length ? 'all' : names, ...group[0]!.cells]
  })
}

function commandRow({ name, takes, does, options }: (typeof commands)[number]): string[] {
  const flags = Object.entries(options).map(([flag, { value }]) => `\`--${flag}${value ? ` ${value}` : ''}\``)
  return [`\`${[name, ...takes].join(' ')}\``, does, flags.join(', ')]
}
