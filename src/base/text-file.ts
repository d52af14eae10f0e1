import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from './errors.ts'
import { display, type Finding, type Path, problem } from './problem.ts'

/** A file's UTF-8 text, or one clause why there is none. Never throws. */
export function readText(file: string, longest: number): { text: string } | { reason: string } {
  try {
    const found = statSync(file)
    if (found.isDirectory()) return { reason: 'it is a folder' }
    if (found.isCharacterDevice() || found.size > longest) return { reason: `it is longer than ${longest} bytes` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) }
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return { reason: 'it does not exist' }
    if (code === 'EACCES') return { reason: 'this user may not read it' }
    return { reason: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : (code ?? 'unknown error') }
  }
}

/** A file that a document names, and what must be in it. */
export interface PemFile {
  readonly path: Path
  readonly file: string | undefined
  readonly label: 'CERTIFICATE' | 'PRIVATE KEY'
}

/** Names PEM files that cannot be used as what they should be. Says nothing of their content. */
export function* pemFindings(files: readonly PemFile[]): Generator<Finding> {
  for (const { path, file, label } of files) {
    const fault = file === undefined ? null : pemFault(file, label)
    if (!fault) continue
    // Shown like any value: what stands in the file's place may be the key itself.
    const reason = `${display(file, path)}: ${fault}.`
    yield problem(path, reason, 'Check the path; it is relative to the configuration file.')
  }
}

function pemFault(file: string, label: PemFile['label']): string | null {
  const read = readText(file, 1024 * 1024)
  if ('reason' in read) return read.reason
  if (read.text.includes('BEGIN ENCRYPTED')) return 'it is encrypted with a passphrase'
  return new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(read.text)
    ? null
    : `it holds no ${label.toLowerCase()} in PEM`
}

/** Makes the named paths of a part absolute, where they are given. */
export function absoluteIn(folder: string): <T extends object>(part: T, ...names: (keyof T)[]) => T {
  return (part, ...names) => {
    const found = names.filter((name) => typeof part[name] === 'string')
    return { ...part, ...Object.fromEntries(found.map((name) => [name, resolve(folder, String(part[name]))])) }
  }
}
