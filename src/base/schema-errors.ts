import type { ErrorObject } from 'ajv'
import type { SchemaPart } from './json-schema.ts'
import { editDistance, looksEqual, nearest } from './nearest.ts'
import { type Finding, type Path, pathText, problem, valueAt } from './problem.ts'

/** Every key a document may hold and the places it belongs to: 'window' -> ['under `privacy`']. */
export type KeyPlaces = ReadonlyMap<string, readonly string[]>

// Nobody reads more, and suggesting a key takes a while.
const most = 100

/**
 * Says in words what a JSON Schema validator found. Needs its errors with `allErrors` and `verbose`.
 * @param prefix where the validated value stands in the document
 */
export function explainErrors(
  errors: readonly ErrorObject[],
  value: unknown,
  places: KeyPlaces,
  prefix: Path = [],
): Finding[] {
  const findings = chosenErrors(errors.slice(0, most), value).map((error) => explain(error, value, places, prefix))
  return onePerPlace(withoutMisspelt(findings))
}

/** The keys at the top of a document that hold an error or are missing; undefined when the top itself is wrong. */
export function brokenKeys(errors: readonly ErrorObject[]): Set<string> | undefined {
  if (errors.some(({ instancePath, keyword }) => instancePath === '' && keyword === 'type')) return undefined
  return new Set(errors.map(({ instancePath, params }) => instancePath.split('/')[1] ?? String(params.missingProperty)))
}

// Of a choice between schemas only the branch that the value tried to be is worth explaining.
function chosenErrors(errors: readonly ErrorObject[], value: unknown): ErrorObject[] {
  const choice = errors.find(({ keyword }) => keyword === 'anyOf')
  if (!choice) return [...errors]
  const inside = errors.filter((error) => isInside(error, choice))
  const others = errors.filter((error) => error !== choice && !inside.includes(error))
  return [...chosenErrors(others, value), ...bestBranch(choice, inside)]
}

function isInside(error: ErrorObject, choice: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${choice.schemaPath}/`) && error.instancePath.startsWith(choice.instancePath)
}

function bestBranch(choice: ErrorObject, inside: readonly ErrorObject[]): ErrorObject[] {
  const branches = Map.groupBy(inside, ({ schemaPath }) => schemaPath.slice(choice.schemaPath.length + 1).split('/')[0])
  const isWrongType = ({ keyword, instancePath }: ErrorObject) =>
    keyword === 'type' && instancePath === choice.instancePath
  const fitting = [...branches.values()].filter((branch) => !branch.some(isWrongType))
  const isOfConstants = inside.every(({ keyword }) => keyword === 'const' || keyword === 'type')
  return isOfConstants || fitting.length !== 1 ? [choice] : fitting[0]!
}

/** A key that is one typing error away from a missing one needs one message, not two. */
function withoutMisspelt(findings: readonly Told[]): Finding[] {
  const meant = new Set(findings.map((finding) => finding.meant))
  return findings.filter(({ path, reason }) => reason !== missing || !meant.has(pathText(path)))
}

function onePerPlace(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ path }) => {
    const place = pathText(path)
    return !seen.has(place) && seen.add(place)
  })
}

const missing = 'It is required.'

/** One error with what is needed to speak of it. */
interface Case {
  readonly error: ErrorObject
  readonly path: Path
  readonly schema: SchemaPart
  readonly value: unknown
  readonly places: KeyPlaces
}

type Told = Finding & { readonly meant?: string }

function explain(error: ErrorObject, root: unknown, places: KeyPlaces, prefix: Path): Told {
  const inner = pathOf(error.instancePath, root)
  const schema = schemaOf(error.parentSchema)
  const one = { error, path: [...prefix, ...inner], schema, value: valueAt(root, inner), places }
  return (explainers[error.keyword] ?? wrongSize)(one)
}

const explainers: Readonly<Partial<Record<string, (one: Case) => Told>>> = {
  required: missingKey,
  additionalProperties: unknownKey,
  type: wrongType,
  anyOf: wrongChoice,
  enum: wrongChoice,
  const: wrongChoice,
  pattern: ({ path, schema }) => problem(path, 'It does not have the right form.', formFix(schema)),
  minimum: ({ path, schema, error }) => problem(path, `It must be at least ${error.params.limit}.`, rangeFix(schema)),
  maximum: ({ path, schema, error }) => problem(path, `It must be at most ${error.params.limit}.`, rangeFix(schema)),
}

function missingKey({ error, path, schema }: Case): Finding {
  const key = String(error.params.missingProperty)
  const hint = schema.properties?.[key]?.description
  return problem([...path, key], missing, `Add \`${key}\`${hint ? `: ${decapitalised(hint)}` : '.'}`)
}

function wrongType({ path, schema, value }: Case): Finding {
  const noun = nounOf(schema)
  return problem(path, `It must be ${noun}.`, typeFix(schema, value) || belongsHere(schema) || `Write ${noun}.`)
}

function wrongSize({ error, path, schema }: Case): Finding {
  return problem(path, sizeReason(error), belongsHere(schema) || 'Change its length.')
}

function schemaOf(parent: unknown): SchemaPart {
  return typeof parent === 'object' && parent !== null ? parent : {}
}

function pathOf(pointer: string, root: unknown): Path {
  const path: (string | number)[] = []
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(valueAt(root, path)) ? Number(key) : key)
  }
  return path
}

function unknownKey({ error, path, schema, places }: Case): Told {
  const key = String(error.params.additionalProperty)
  const told = { ...problem([...path, key], 'This key is not known here.', ''), hidesValue: true }
  if (schema.patternProperties) {
    return { ...told, reason: 'This key does not have the right form.', fix: schema.description ?? 'See the others.' }
  }
  if (key.includes(':')) return { ...told, reason: 'It is one long key.', fix: 'Put a space after the colon.' }
  const [fix, meant] = keyFix(key, Object.keys(schema.properties ?? {}), places)
  return meant ? { ...told, fix, meant: pathText([...path, meant]) } : { ...told, fix }
}

function keyFix(key: string, here: readonly string[], places: KeyPlaces): [fix: string, meant?: string] {
  const same = here.find((other) => looksEqual(other, key))
  if (same) return [`Write it as \`${same}\`.`, same]
  const near = nearest(key, here)
  const elsewhere = places.get(key)
  if (elsewhere && !(near && editDistance(near, key) <= 1)) {
    return [`\`${key}\` belongs ${listOf(elsewhere.slice(0, 3))}.`]
  }
  if (near) return [`Did you mean \`${near}\`?`, near]
  const far = nearest(key, [...places.keys()])
  if (far) return [`Did you mean \`${far}\`, which belongs ${places.get(far)![0]}?`]
  return [`Take it out; known here: ${here.join(', ')}.`]
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** The constants a schema offers, where it is a choice between constants. */
export function constantsOf(schema: SchemaPart): readonly string[] | undefined {
  if (schema.enum) return schema.enum.map(String)
  if (schema.const !== undefined) return [String(schema.const)]
  const branches = schema.anyOf?.map((branch) => branch.const)
  return branches?.every((constant) => constant !== undefined) ? branches.map(String) : undefined
}

function wrongChoice({ path, schema, value }: Case): Finding {
  const constants = constantsOf(schema)
  const offer = constants ? listOf(constants) : nounOf(schema)
  // A number or a short code is rarely a misspelling of its neighbour.
  const near = typeof value === 'string' && /^[a-z_-]{3,}$/i.test(value) ? nearest(value, constants ?? []) : undefined
  const fix = near ? `Write \`${near}\`.` : belongsHere(schema) || `Write ${offer}.`
  return problem(path, `It must be ${offer}.`, fix)
}

const nouns: Record<string, string> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
}

/** 'a text', 'a list', or the choice of them. */
export function nounOf(schema: SchemaPart): string {
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) return listOf([...new Set(branches.map(nounOf))])
  return nouns[schema.type ?? ''] ?? 'something else'
}

function typeFix(schema: SchemaPart, value: unknown): string {
  const isNumeric = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)
  if (schema.type === 'string' && typeof value !== 'object') return 'Put quotes around it.'
  if (schema.type === 'array') return 'Write it as a list: in [ ], or each item on a line of its own after "- ".'
  if (schema.type === 'object') return 'Write its keys on indented lines below it, or in { }.'
  if ((schema.type === 'integer' || schema.type === 'number') && isNumeric) return 'Take the quotes away.'
  if (schema.type === 'integer' && typeof value === 'number') return 'Leave out the part after the point.'
  return ''
}

function rangeFix({ minimum, maximum, default: standard }: SchemaPart): string {
  const range =
    minimum !== undefined && maximum !== undefined
      ? `from ${minimum} to ${maximum}`
      : `${minimum === undefined ? 'up to' : 'from'} ${minimum ?? maximum}`
  return `Use a number ${range}${standard === undefined ? '.' : `; ${standard} is the default.`}`
}

const forms: Record<string, string> = {
  '^[0-9]{1,6}(s|m|h|d|y)$': 'A duration is a number and a unit, such as 30s, 15m, 12h or 400d.',
  '^https://': 'Write an address that begins with https://.',
}

function formFix(schema: SchemaPart): string {
  const { pattern = '' } = schema
  return forms[pattern] ?? (belongsHere(schema) || `It must match ${pattern}`)
}

function belongsHere({ description }: SchemaPart): string {
  return description ? `What belongs here: ${decapitalised(description)}` : ''
}

function sizeReason({ keyword, params }: ErrorObject): string {
  const unit = keyword.endsWith('Length') ? 'characters' : 'entries'
  if (keyword.startsWith('min')) return `It must have at least ${params.limit} ${unit}.`
  if (keyword === 'items') return `It must have exactly ${params.limit} entries.`
  if (keyword.startsWith('max')) return `It must have at most ${params.limit} ${unit}.`
  return keyword === 'uniqueItems' ? 'An entry stands twice.' : 'It does not fit.'
}

function decapitalised(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
