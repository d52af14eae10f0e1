import { posix } from 'node:path'
import { parseAst } from 'vitest/node'

/**
 * What the law looks at in one source file. Read from the syntax tree, so that comments, strings and templates cannot
 * confuse it; the parser is the one that vitest itself runs the tests with. TypeScript 7 has no stable API yet.
 */
export interface Facts {
  readonly path: string
  readonly lines: number
  readonly imports: readonly Import[]
  /** Globals and members of globals in use: 'console', 'Date.now', 'new Date()'. */
  readonly words: readonly Found[]
  /** Ways round the type checker: 'any', 'as unknown as', 'as Release', 'default export' and silenced type errors. */
  readonly tricks: readonly Found[]
  /** Names that others can import from it; '*' when it passes all of another file on. */
  readonly exports: readonly string[]
}

export interface Import {
  /** 'src/base/clock.ts' for a relative import, else the package: 'node:fs'. */
  readonly target: string
  readonly isRelative: boolean
  /** Names as their home calls them; '*' for all of it. */
  readonly names: readonly string[]
  /** Gone at run time. */
  readonly isType: boolean
  readonly line: number
}

export interface Found {
  readonly what: string
  readonly line: number
}

/** Any node of the tree: its fields are looked at by name. */
interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

/** Reads one file. `path` from the root of the project, such as 'src/base/clock.ts'. */
export function factsOf(path: string, source: string): Facts {
  const lineAt = lineFinder(source)
  const imports: Import[] = []
  const words: Found[] = []
  const tricks: Found[] = suppressions(source)
  const exports: string[] = []

  visit(parse(path, source), undefined, '', (node, parent, field) => {
    const line = lineAt(node.start)
    const found = (list: Found[], what: string | undefined) => what && list.push({ what, line })
    const target = importOf(node)
    if (target) {
      const isRelative = target.startsWith('.')
      const resolved = isRelative ? posix.join(posix.dirname(path), target) : target
      imports.push({ target: resolved, isRelative, names: importedNames(node), isType: isTypeImport(node), line })
    }
    found(words, wordOf(node, parent, field))
    for (const trick of tricksOf(node)) found(tricks, trick)
    exports.push(...exportedBy(node))
  })
  return { path, lines: source.trimEnd().split('\n').length, imports, words, tricks, exports }
}

function parse(path: string, source: string): Node {
  const tree: object = parseAst(source, path.endsWith('.ts') ? { lang: 'ts', astType: 'ts' } : { lang: 'js' })
  return tree as Node
}

function visit(
  node: Node,
  parent: Node | undefined,
  field: string,
  see: (node: Node, parent: Node | undefined, field: string) => void,
): void {
  see(node, parent, field)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node, name, see)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function fieldOf(node: unknown, field: string): unknown {
  return isNode(node) ? node[field] : undefined
}

const importing = [
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]

function importOf(node: Node): string | undefined {
  const isRequire = node.type === 'CallExpression' && fieldOf(node.callee, 'name') === 'require'
  const from = isRequire ? (node.arguments as unknown[])[0] : importing.includes(node.type) && node.source
  const target = fieldOf(from, 'value')
  return typeof target === 'string' ? target : undefined
}

function isTypeImport(node: Node): boolean {
  if (node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type') return true
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers : []
  const isType = (one: unknown) => fieldOf(one, 'importKind') === 'type' || fieldOf(one, 'exportKind') === 'type'
  return specifiers.length > 0 && specifiers.every(isType)
}

/** A dynamic import, a namespace and `export *` take everything. */
function importedNames(node: Node): string[] {
  if (!Array.isArray(node.specifiers)) return node.type === 'TSImportType' ? [] : ['*']
  return node.specifiers.map((one) => {
    const name = fieldOf(one, 'type') === 'ExportSpecifier' ? fieldOf(one, 'local') : fieldOf(one, 'imported')
    if (fieldOf(one, 'type') === 'ImportDefaultSpecifier') return 'default'
    return String(fieldOf(name, 'name') ?? fieldOf(name, 'value') ?? '*')
  })
}

const keys = ['Property', 'MethodDefinition', 'PropertyDefinition', 'TSPropertySignature', 'TSMethodSignature']

/** A global in use: not a key, a label or a name that is only imported. */
function wordOf(node: Node, parent: Node | undefined, field: string): string | undefined {
  if (node.type === 'MemberExpression' && fieldOf(node.object, 'type') === 'Identifier') {
    const property = fieldOf(node.property, 'name') ?? fieldOf(node.property, 'value')
    return `${fieldOf(node.object, 'name')}.${property}`
  }
  const taken = takenApart(node)
  if (taken) return taken
  const isDate = fieldOf(node.callee, 'name') === 'Date' && (node.arguments as unknown[]).length === 0
  if (isDate) return node.type === 'NewExpression' ? 'new Date()' : 'Date()'
  if (node.type !== 'Identifier' || !parent) return undefined
  const isKey = field === 'key' && keys.includes(parent.type) && !parent.computed && !parent.shorthand
  const isMember = field === 'property' && parent.type === 'MemberExpression' && !parent.computed
  const isType = parent.type.startsWith('TS') && field !== 'expression'
  const isBinding = parent.type.startsWith('Import') || parent.type.startsWith('Export') || isType
  return isKey || isMember || isBinding ? undefined : String(node.name)
}

/** `const { now } = Date` gives Date.now. */
function takenApart(node: Node): string | undefined {
  const from = fieldOf(node.init, 'name')
  const properties = fieldOf(node.id, 'properties')
  if (node.type !== 'VariableDeclarator' || !from || !Array.isArray(properties)) return undefined
  return `${from}.${fieldOf(fieldOf(properties[0], 'key'), 'name')}`
}

function tricksOf(node: Node): string[] {
  if (node.type === 'TSAnyKeyword') return ['any']
  if (node.type === 'ExportDefaultDeclaration') return ['default export']
  if (node.type === 'ExportSpecifier' && fieldOf(node.exported, 'name') === 'default') return ['default export']
  if (node.type === 'TSTypePredicate') return typesIn(node.typeAnnotation).map((type) => `is ${type}`)
  if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return []
  const tricks = typesIn(node.typeAnnotation).map((type) => `as ${type}`)
  return isForgetting(node.expression) ? [...tricks, 'as unknown as'] : tricks
}

/** `x as unknown`, of which anything can be made. */
function isForgetting(node: unknown): boolean {
  const type = fieldOf(fieldOf(node, 'typeAnnotation'), 'type')
  const isCast = fieldOf(node, 'type') === 'TSAsExpression' || fieldOf(node, 'type') === 'TSTypeAssertion'
  return isCast && (type === 'TSUnknownKeyword' || type === 'TSNeverKeyword')
}

/** Names of the types that a type is made of: `Map<string, Release>` gives Map and Release. */
function typesIn(annotation: unknown): string[] {
  const types: string[] = []
  if (!isNode(annotation)) return types
  visit(annotation, undefined, '', (node) => {
    if (node.type === 'TSTypeReference') types.push(String(fieldOf(node.typeName, 'name')))
  })
  return types
}

function suppressions(source: string): Found[] {
  const lines = source.split('\n')
  return lines.flatMap((text, index) => {
    const match = /@ts-(?:ignore|nocheck|expect-error)/.exec(text)
    return match ? [{ what: match[0], line: index + 1 }] : []
  })
}

function exportedBy(node: Node): string[] {
  if (node.type === 'ExportAllDeclaration') return ['*']
  if (node.type !== 'ExportNamedDeclaration') return []
  const declared = fieldOf(node.declaration, 'declarations')
  const declarations = Array.isArray(declared) ? declared : [node.declaration]
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers : []
  const names = [
    ...declarations.map((each) => fieldOf(fieldOf(each, 'id'), 'name')),
    ...specifiers.map((each) => fieldOf(fieldOf(each, 'local'), 'name')),
  ]
  return names.filter((name) => typeof name === 'string')
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [...source.matchAll(/\n/g)].map(({ index }) => index)
  return (offset) => {
    const next = starts.findIndex((start) => start >= offset)
    return (next < 0 ? starts.length : next) + 1
  }
}
