import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import type { Path, Problem } from './problem.ts'

/** A YAML text that was understood, with the way back from a path to its line. */
export interface YamlSource {
  readonly value: unknown
  /** Where the value at a path stands; with `ofKey`, where its key stands. */
  locate(path: Path, ofKey?: boolean): Place | undefined
}

export interface Place {
  readonly line: number
  readonly column: number
}

/** Larger texts are refused unread. A shop's configuration is a hundredth of that. */
export const longestYaml = 128 * 1024

const deepest = 32
const mostProblems = 20

/** Parses one YAML 1.2 document of plain maps, lists and values. No aliases, tags or duplicate keys; never throws. */
export function readYaml(text: string): YamlSource | { problems: Problem[] } {
  if (text.length > longestYaml) {
    const reason = `The file holds ${text.length} characters; the most is ${longestYaml}.`
    return { problems: [fileProblem(reason, 'Name the right file, or take out what does not belong in it.')] }
  }
  const lines = new LineCounter()
  const document = parse(text, lines)
  if (!document) return { problems: [fileProblem('It is nested too deeply.', 'Write maps and lists at most 32 deep.')] }
  const problems = [...syntaxProblems(document, lines), ...unwantedNodes(document, lines)]
  if (problems.length > 0) return { problems }
  return { value: document.toJS(), locate: (path, ofKey) => locate(document, lines, path, ofKey) }
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  const options = { lineCounter, prettyErrors: false, stringKeys: true, uniqueKeys: false, logLevel: 'error' } as const
  try {
    return parseDocument(text, options)
  } catch {
    // The parser recurses; only nesting thousands deep gets here.
    return undefined
  }
}

function fileProblem(reason: string, fix: string, place?: Place): Problem {
  return { path: '(file)', value: '(text)', reason, fix, ...place }
}

// The parser's own messages quote the text, which may be a password. Ours are told by its codes.
const explanations: Record<string, [reason: string, fix: string]> = {
  BAD_ALIAS: [
    'Anchors (&) and aliases (*) are not used here.',
    'Write the value out where it is needed; put quotes around a text that begins with "&" or "*".',
  ],
  BAD_DQ_ESCAPE: ['A backslash in double quotes begins something unknown.', 'Use single quotes around the text.'],
  BAD_INDENT: [
    'The indentation does not fit, or a bracket stays open.',
    'Give the keys of one map the same number of spaces, and close each { and [.',
  ],
  BAD_SCALAR_START: ['A text begins with a sign that YAML reserves.', 'Put quotes around the text.'],
  BLOCK_AS_IMPLICIT_KEY: ['A map begins in the middle of a line.', 'Put quotes around texts that hold ": ".'],
  BLOCK_IN_FLOW: [
    'Inside { } or [ ] stands a text with ": " in it, or an indented part.',
    'Put quotes around texts that hold ": "; write the whole part either indented or in brackets.',
  ],
  DUPLICATE_KEY: ['A key stands twice in the same map.', 'Keep one of the two.'],
  MISSING_CHAR: ['A quote, bracket, comma or colon is missing.', 'Look at this line and the one before it.'],
  MULTILINE_IMPLICIT_KEY: [
    'The next line is indented, but this one already has its value.',
    'Give the keys of one map the same number of spaces.',
  ],
  MULTIPLE_DOCS: ['A second document begins here.', 'Keep one document: take out the "---" line.'],
  NON_STRING_KEY: ['A key is not a text.', 'Use plain words as keys.'],
  RESOURCE_EXHAUSTION: ['It is nested too deeply.', 'Write maps and lists at most 32 deep.'],
  TAB_AS_INDENT: ['A tab stands where spaces are needed.', 'Indent with spaces.'],
  TAG_RESOLVE_FAILED: ['A tag (!) is used.', 'Put quotes around a text that begins with "!".'],
}
const unexplained = ['This is not valid YAML.', 'Check indentation, quotes and brackets around this line.'] as const

function syntaxProblems(document: Document.Parsed, lines: LineCounter): Problem[] {
  return [...document.errors, ...document.warnings].slice(0, mostProblems).map(({ code, pos }) => {
    const [reason, fix] = explanations[code] ?? unexplained
    return fileProblem(reason, fix, placeOf(lines, pos[0]))
  })
}

// Of the tags that YAML itself knows, these say nothing new.
const plainTag = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/

/** What is valid YAML but not plain: aliases (a small text could become huge), tags, keys that stand twice. */
function unwantedNodes(document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = []
  const tell = (code: string, node: Node) => {
    problems.push(fileProblem(...explanations[code]!, placeOf(lines, node.range?.[0])))
  }
  visit(document, {
    Node(_key, node, path) {
      // A map adds two to the path: itself and its pair.
      if (path.length > 2 * deepest) tell('RESOURCE_EXHAUSTION', node)
      if (isAlias(node) || node.anchor) tell('BAD_ALIAS', node)
      else if (node.tag && !plainTag.test(node.tag)) tell('TAG_RESOLVE_FAILED', node)
      if (isMap(node)) for (const key of keysTwice(node)) tell('DUPLICATE_KEY', key)
      return problems.length < mostProblems ? undefined : visit.BREAK
    },
  })
  return problems
}

// The parser's own check compares every key with every other.
function keysTwice(map: YAMLMap): Node[] {
  const seen = new Set<unknown>()
  const keys = map.items.map(({ key }) => key).filter(isScalar)
  return keys.filter(({ value }) => seen.has(value) || !seen.add(value)).slice(0, mostProblems)
}

function placeOf(lines: LineCounter, offset: number | undefined): Place {
  const { line, col } = lines.linePos(offset ?? 0)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

/** A value's own place where it is a scalar, else its key's; for what is missing, the map it is missing from. */
function locate(document: Document.Parsed, lines: LineCounter, path: Path, ofKey = false): Place | undefined {
  let node: unknown = document.contents
  let offset = isCollection(node) ? node.range?.[0] : undefined
  for (const segment of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === segment) : undefined
    if (!pair && !isSeq(node)) break
    const next: unknown = isSeq(node) ? node.items[Number(segment)] : pair!.value
    const start = isScalar(next) && next.value !== null && !ofKey ? next : (pair?.key ?? next)
    if (typeof start !== 'object' || start === null || !('range' in start)) break
    if (Array.isArray(start.range)) offset = Number(start.range[0])
    node = next
  }
  return offset === undefined ? undefined : placeOf(lines, offset)
}
