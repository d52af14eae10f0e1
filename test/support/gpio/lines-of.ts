import type { Readable } from 'node:stream'

/** Lines of a stream, kept from its start, to be waited for in order. */
export interface Lines {
  readonly seen: readonly string[]
  /** The next line that was not taken yet. */
  next(): Promise<string>
  /** Takes lines until one fits and gives it back. Fails after `patience` ms. */
  until(fits: (line: string) => boolean, patience?: number): Promise<string>
}

export function linesOf(stream: Readable): Lines {
  const seen: string[] = []
  let taken = 0
  let rest = ''
  let wake = () => {}
  stream.setEncoding('utf8').on('data', (text: string) => {
    const pieces = (rest + text).split('\n')
    rest = pieces.pop()!
    seen.push(...pieces)
    wake()
  })

  async function next(): Promise<string> {
    while (taken >= seen.length) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    }
    return seen[taken++]!
  }

  async function until(fits: (line: string) => boolean, patience = 10_000): Promise<string> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error(`not heard; heard were:\n${seen.join('\n')}`)), patience)
    try {
      for (;;) {
        const line = await Promise.race([next(), late.promise])
        if (fits(line)) return line
      }
    } finally {
      clearTimeout(timer)
    }
  }

  return { seen, next, until }
}
