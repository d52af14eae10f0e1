import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** The parts of a JSON Schema that messages, tables and forms are made from. */
export interface SchemaPart {
  readonly type?: string
  readonly description?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaPart[]
  readonly oneOf?: readonly SchemaPart[]
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly patternProperties?: Readonly<Record<string, SchemaPart>>
  readonly required?: readonly string[]
  readonly items?: SchemaPart | false
  readonly prefixItems?: readonly SchemaPart[]
}

/** A TypeBox schema as plain draft 2020-12: tuples as prefixItems, and what has a default is not required. */
export function toDraft2020(schema: object): SchemaPart {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => modernised(value))
}

function modernised(value: unknown): unknown {
  if (!isPart(value)) return value
  if (Array.isArray(value.items)) {
    const { additionalItems: _, items, ...rest } = value as { additionalItems?: unknown; items: unknown[] }
    return { ...rest, prefixItems: items, items: false, minItems: items.length, maxItems: items.length }
  }
  if (!Array.isArray(value.required) || !value.properties) return value
  const required = value.required.filter((key) => value.properties?.[key]?.default === undefined)
  return { ...value, required }
}

function isPart(value: unknown): value is SchemaPart {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Compiles a validator that reports every error with its schema, and fills defaults into the value it is given. */
export function createValidator(schema: SchemaPart): ValidateFunction {
  return new Ajv2020({ allErrors: true, verbose: true, useDefaults: true, strict: true }).compile(schema)
}

/**
 * Every key that may stand somewhere, and where: 'window' -> ['under `privacy`']. Of parts chosen by `kind`,
 * a key that not all of them have names its kinds.
 */
export function keyPlaces(schema: SchemaPart): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, Set<string>>()
  collect(schema, '', '')
  return new Map([...places].map(([key, at]) => [key, [...at]]))

  function collect(part: SchemaPart, path: string, kind: string): void {
    for (const [key, inner] of Object.entries(part.properties ?? {})) {
      const at = places.get(key) ?? new Set()
      places.set(key, at.add(path ? `under \`${path}\`${kind}` : 'at the top'))
      collect(inner, path ? `${path}.${key}` : key, kind)
    }
    if (part.items) collect(part.items, `${path}[]`, kind)
    for (const branch of part.anyOf ?? []) collect(branch, path, kind)
    for (const branch of part.oneOf ?? []) collect(withoutShared(branch, part.oneOf ?? []), path, kindOf(branch))
    const [first, ...rest] = part.oneOf ?? []
    if (first) collect({ properties: sharedBy(first, rest) }, path, kind)
  }
}

function kindOf(branch: SchemaPart): string {
  return ` of kind ${branch.properties?.kind?.const}`
}

function sharedBy(first: SchemaPart, rest: readonly SchemaPart[]): Record<string, SchemaPart> {
  const isShared = ([key]: [string, SchemaPart]) => rest.every(({ properties }) => properties?.[key])
  return Object.fromEntries(Object.entries(first.properties ?? {}).filter(isShared))
}

function withoutShared(branch: SchemaPart, all: readonly SchemaPart[]): SchemaPart {
  const isOwn = ([key]: [string, SchemaPart]) => !all.every(({ properties }) => properties?.[key])
  return { properties: Object.fromEntries(Object.entries(branch.properties ?? {}).filter(isOwn)) }
}
