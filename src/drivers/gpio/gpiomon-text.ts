import type { BeamLine, BeamOffsets, Level } from './lines.ts'

/** The tools of libgpiod come in two generations whose options and output differ. */
export type GpiodGeneration = 1 | 2

/** Reads `gpiomon --version`: 'gpiomon (libgpiod) v1.6.3'. Unknown text counts as the newer generation. */
export function parseGeneration(text: string): GpiodGeneration {
  return /\(libgpiod\) v?1\./.test(text) ? 1 : 2
}

/**
 * Arguments that make gpiomon print one edge a line, with the time the kernel stamped it:
 * `offset event seconds nanoseconds` (1) or `offset event seconds.nanoseconds` (2). Neither touches the line's pull.
 */
export function gpiomonArguments(generation: GpiodGeneration, chip: string, offsets: BeamOffsets): string[] {
  const lines = [String(offsets.outer), String(offsets.inner)]
  if (generation === 1) return ['-b', '-F', '%o %e %s %n', chip, ...lines]
  return ['--banner', '-E', 'monotonic', '-F', '%o %E %S', '-c', chip, ...lines]
}

/** Arguments that make gpioget print both levels as `0 1`. */
export function gpiogetArguments(generation: GpiodGeneration, chip: string, offsets: BeamOffsets): string[] {
  const lines = [String(offsets.outer), String(offsets.inner)]
  return generation === 1 ? [chip, ...lines] : ['--numeric', '-c', chip, ...lines]
}

/** Reads what gpioget printed; undefined when it is not two levels. */
export function parseLevels(text: string): Record<BeamLine, Level> | undefined {
  const match = /^\s*([01])\s+([01])\s*$/.exec(text)
  return match ? { outer: levelOf(match[1] === '1'), inner: levelOf(match[2] === '1') } : undefined
}

/** One edge as the kernel saw it. */
export interface StampedEdge {
  readonly line: BeamLine
  readonly level: Level
  /** Milliseconds on the kernel's clock. */
  readonly stamp: number
}

// Number and word of the event cannot be confused: generation 1 prints 0/1, generation 2 is asked for words because
// its numbers mean something else (1 rising, 2 falling). Nanoseconds of generation 1 are not padded with zeros.
const edgeForm = /^(\d{1,4}) (0|1|falling|rising) (\d{1,10})(?: (\d{1,9})|\.(\d{9}))$/
const bannerForm = /^Monitoring lines? /

/** Understands one line of gpiomon's output; undefined for what it should not have said. */
export function parseGpiomonLine(text: string, offsets: BeamOffsets): StampedEdge | 'banner' | undefined {
  if (bannerForm.test(text)) return 'banner'
  const match = edgeForm.exec(text)
  if (!match) return undefined
  const line = lineAt(Number(match[1]), offsets)
  if (!line) return undefined
  const stamp = Number(match[3]) * 1000 + Number(match[4] ?? match[5]) / 1e6
  return { line, level: levelOf(match[2] === '1' || match[2] === 'rising'), stamp }
}

function lineAt(offset: number, offsets: BeamOffsets): BeamLine | undefined {
  if (offset === offsets.outer) return 'outer'
  return offset === offsets.inner ? 'inner' : undefined
}

function levelOf(isHigh: boolean): Level {
  return isHigh ? 1 : 0
}

/** Splits a stream into lines. A line beyond `longest` characters is given as '' once, so that garbage stays bounded. */
export function lineSplitter(onLine: (line: string) => void, longest = 200): (chunk: string) => void {
  let rest = ''
  let isTooLong = false
  return (chunk) => {
    const pieces = (rest + chunk).split('\n')
    rest = pieces.pop()!
    for (const piece of pieces) {
      onLine(isTooLong || piece.length > longest ? '' : piece)
      isTooLong = false
    }
    if (rest.length > longest) isTooLong = true
    if (isTooLong) rest = ''
  }
}
