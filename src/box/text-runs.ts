/** A run of letters as the bytes that it may stand for. */
export interface TextRun {
  readonly kind: string
  readonly offset: number
  readonly content: Buffer
}

/** Shorter runs are ordinary words; what they could hold is a needle by itself. */
const shortestRun = 24
/** Lines of MIME and PEM have 64 or 76 letters: a run that goes on below such a line is one. */
const shortestLine = 60
const isLetter = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/[0-9A-Za-z+/_-]/.test(String.fromCharCode(byte))),
)

/** Runs of base64 or base64url, decoded from each of the four places where a group may begin, and runs of hex. */
export function* textRunsIn(content: Buffer): Generator<TextRun> {
  for (const [from, to] of runsIn(content)) {
    const text = content.toString('latin1', from, to)
    for (const [kind, bytes] of decodings(text)) yield { kind, offset: from, content: bytes }
  }
}

function* decodings(text: string): Generator<readonly [kind: string, bytes: Buffer]> {
  const letters = text.replace(/[\r\n]/g, '')
  for (const skipped of [0, 1, 2, 3]) yield ['base64', Buffer.from(letters.slice(skipped), 'base64')]
  if (!/^[0-9a-fA-F]+$/.test(letters)) return
  for (const skipped of [0, 1]) yield ['hex', Buffer.from(letters.slice(skipped), 'hex')]
}

/** Jumps as far as the shortest run is long: a longer one cannot lie between two probes. */
function* runsIn(content: Buffer): Generator<readonly [from: number, to: number]> {
  let before = 0
  let probe = shortestRun - 1
  while (probe < content.length) {
    if (!isLetter[content[probe]!]) {
      probe += shortestRun
      continue
    }
    let from = probe
    while (from > before && isLetter[content[from - 1]!]) from--
    const to = endOfRun(content, from)
    if (to - from >= shortestRun) yield [from, to]
    before = to
    probe = to + shortestRun
  }
}

function endOfRun(content: Buffer, from: number): number {
  let line = from
  for (;;) {
    const end = endOfLetters(content, line)
    const next = content[end] === 0x0d ? end + 2 : end + 1
    const goesOn = end - line >= shortestLine && content[next - 1] === 0x0a && isLetter[content[next] ?? 0]
    if (!goesOn) return end
    line = next
  }
}

function endOfLetters(content: Buffer, from: number): number {
  let at = from
  while (at < content.length && isLetter[content[at]!]) at++
  return at
}
