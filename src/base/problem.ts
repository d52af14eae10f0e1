/** Where in a document: keys and list positions from the top. */
export type Path = readonly (string | number)[]

/** Something to say about one place of a document, and what to do about it. Both texts are whole sentences. */
export interface Finding {
  readonly level: 'problem' | 'warning'
  readonly path: Path
  readonly reason: string
  readonly fix: string
  /** The value may be a secret that stands in the wrong place, so it is not shown. */
  readonly hidesValue?: boolean
}

/** A finding as a person reads it. */
export interface Problem {
  /** Such as 'sensors[2].port'. */
  readonly path: string
  /** Printable, short, secrets hidden; '(missing)' where nothing stands. */
  readonly value: string
  readonly reason: string
  readonly fix: string
  /** From 1, where the document is known. */
  readonly line?: number
  readonly column?: number
}

export function problem(path: Path, reason: string, fix: string): Finding {
  return { level: 'problem', path, reason, fix }
}

export function warning(path: Path, reason: string, fix: string): Finding {
  return { level: 'warning', path, reason, fix }
}

/** 'sensors[2].port'; keys that are not plain words are quoted. The top of the document is '(top)'. */
export function pathText(path: Path): string {
  if (path.length === 0) return '(top)'
  return path.map(segmentText).join('').replace(/^\./, '')
}

function segmentText(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`
  if (/^[\w-]{1,64}$/.test(segment)) return `.${segment}`
  // In {password:secret} the missing space makes the secret part of the key.
  const [beginning = ''] = /^[\w .-]{0,32}/.exec(segment) ?? []
  return beginning === segment ? `[${quoted(segment)}]` : `[${quoted(`${beginning}...`)}]`
}

/** The value at a path, or undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    value = Reflect.get(value, segment)
  }
  return value
}

const secretKey = /pas+|pwd|secret|token|credential|psk|pin$/i

/** A value fit for a terminal and a log: short, on one line, without secrets. Lists and maps show only their size. */
export function display(value: unknown, path: Path): string {
  if (value === undefined) return '(missing)'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return `a map of ${Object.keys(value).length}`
  // The key of a list's entry is the key itself; elsewhere it names a file.
  if (path.at(-1) === 'key' && typeof path.at(-2) === 'number') return '(hidden)'
  if (path.some((segment) => typeof segment === 'string' && secretKey.test(segment))) return '(hidden)'
  if (typeof value !== 'string') return String(value)
  if (value.includes('PRIVATE KEY')) return '(hidden)'
  return quoted(withoutCredentials(value, path))
}

// The greedy match is on purpose: a password may hold slashes and at signs.
function withoutCredentials(text: string, path: Path): string {
  const shown = text.replace(/\/\/.*@/s, '//...@')
  return path.at(-1) === 'url' ? shown.replace(/^[^/]*@/s, '...@') : shown
}

function quoted(text: string): string {
  const short = text.length > 72 ? `${text.slice(0, 69)}...` : text
  // Nothing that moves a cursor or turns the writing direction.
  return JSON.stringify(short).replace(/[\p{C}\u2028\u2029]/gu, '?')
}

/** Makes a problem of a finding; `root` is the document's value. */
export function problemOf(finding: Finding, root: unknown, place?: { line: number; column: number }): Problem {
  const value = finding.hidesValue ? '(not shown)' : display(valueAt(root, finding.path), finding.path)
  return { path: pathText(finding.path), value, reason: finding.reason, fix: finding.fix, ...place }
}

/** Ids that stand twice in a list. @param name the list's key at the top */
export function* twiceFindings(name: string, items: readonly { id: string }[]): Generator<Finding> {
  for (const [i, { id }] of items.entries()) {
    if (items.findIndex((other) => other.id === id) === i) continue
    yield problem([name, i, 'id'], 'Another one has this id.', 'Give each an id of its own.')
  }
}
