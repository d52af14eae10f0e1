import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
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

/** Larger texts are refused unread: with duplicate keys to look for, parsing takes longer than its length says. */
export const longestYaml = 128 * 1024

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
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, logLevel: 'silent', merge: false })
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
  BAD_DQ_ESCAPE: ['A backslash in double quotes begins something unknown.', 'Use single quotes around the text.'],
  BAD_INDENT: ['The indentation does not fit.', 'Give the keys of one map the same number of spaces.'],
  BAD_SCALAR_START: ['A text begins with a sign that YAML reserves.', 'Put quotes around the text.'],
  BLOCK_AS_IMPLICIT_KEY: ['A map begins in the middle of a line.', 'Put quotes around texts that hold ": ".'],
  BLOCK_IN_FLOW: ['Indented lines stand inside { } or [ ].', 'Write the whole part either indented or in brackets.'],
  DUPLICATE_KEY: ['A key stands twice in the same map.', 'Keep one of the two.'],
  MISSING_CHAR: ['A quote, bracket, comma or colon is missing.', 'Look at this line and the one before it.'],
  MULTIPLE_DOCS: ['A second document begins here.', 'Keep one document: take out the "---" line.'],
  NON_STRING_KEY: ['A key is not a text.', 'Use plain words as keys.'],
  RESOURCE_EXHAUSTION: ['It is nested too deeply.', 'Write maps and lists at most 32 deep.'],
  TAB_AS_INDENT: ['A tab stands where spaces are needed.', 'Indent with spaces.'],
  TAG_RESOLVE_FAILED: ['A tag (!) is used.', 'Put quotes around a text that begins with "!".'],
}
const unexplained = ['This is not valid YAML.', 'Check indentation, quotes and brackets around this line.'] as const

function syntaxProblems(document: Document.Parsed, lines: LineCounter): Problem[] {
  return [...document.errors, ...document.warnings].slice(0, 20).map(({ code, pos }) => {
    const [reason, fix] = explanations[code] ?? unexplained
    return fileProblem(reason, fix, placeOf(lines, pos[0]))
  })
}

/** Aliases and anchors could make a small text huge, and nobody needs them here. */
function unwantedNodes(document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = []
  const fix = 'Write the value out where it is needed; put quotes around a text that begins with "&" or "*".'
  let depth = 0
  visit(document, {
    Node(_key, node, path) {
      depth = Math.max(depth, path.length)
      const hasAnchor = !isAlias(node) && 'anchor' in node && node.anchor
      if (!isAlias(node) && !hasAnchor) return undefined
      problems.push(fileProblem('Anchors (&) and aliases (*) are not used here.', fix, placeOf(lines, node.range?.[0])))
      return problems.length < 20 ? undefined : visit.BREAK
    },
  })
  // A map adds two to the path: itself and its pair.
  if (depth > 64) problems.push(fileProblem('It is nested too deeply.', 'Write maps and lists at most 32 deep.'))
  return problems
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
