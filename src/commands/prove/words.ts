import { styleText } from 'node:util'
import { lackingHashes } from '../../box/digests.ts'
import type { Findings } from '../../box/findings.ts'
import { isClean, type Proof, type Searched, type ShadowProof } from './proof.ts'

/** What no search of this kind can find. Printed with every verdict, since a proof without limits is none. */
export const limits: readonly string[] = [
  'What was encrypted or hashed with a secret, hashed twice, or cut to less than its first 8 bytes. Checksums of 32 bits are found as text only.',
  `Hashes that this Node does not have: ${lackingHashes.join(', ')}.`,
  'What the kernel holds, what was swapped out and is in use again, and what flash keeps of overwritten blocks.',
  'BlueZ, the kernel and the serial library are not in the shadow. Its memory is judged for Bluetooth only: lines and messages are read as text, which JavaScript forgets when it likes.',
  'On this box itself only what is written like an address, as text. Six bytes look like any other six.',
  'Code that behaves otherwise while it is looked at. The box is trusted.',
]

const label = 10
const mostListed = 12

/** The verdict for a person, at most `width` columns wide. */
export function proofPage(proof: Proof, width: number): string {
  const { date, version, policy, search, shadow, live, seconds } = proof
  const lines = (texts: readonly string[]) => texts.flatMap((text) => wrapped(text, width, 2))
  return [
    `Drempel ${version}, ${date.slice(0, 16).replace('T', ' ')} UTC, policy ${policy.slice(0, 19)}…`,
    '',
    styleText('bold', 'The search itself'),
    ...lines([searchLine(search)]),
    ...search.missing.slice(0, mostListed).map(({ label: name, places }) => `  missed: ${name} (${places.join(', ')})`),
    '',
    ...(shadow ? shadowLines(shadow, width) : []),
    ...(live.length > 0 ? [styleText('bold', 'This box: anything written like an address')] : []),
    ...live.flatMap((one) => placeLines(one, width)),
    ...(live.length > 0 ? [''] : []),
    ...verdictLines(proof, width),
    '',
    styleText('bold', 'What this cannot find'),
    ...limits.flatMap((text) => wrapped(text, width, 4, '  - ')),
    '',
    `It took ${Math.round(seconds)} s.`,
    '',
  ].join('\n')
}

function searchLine({ found, missing }: Proof['search']): string {
  const places = new Set(found.flatMap((one) => one.places))
  const count = number(found.length)
  if (missing.length === 0) {
    return `It found each of ${count} spellings, encodings and hashes, in each of ${places.size} kinds of places: ${[...places].join(', ')}.`
  }
  return `It missed ${number(missing.length)} of ${count} spellings, so its silence would mean nothing. Nothing else was done.`
}

function shadowLines({ planted, needles, differs, messages, places }: ShadowProof, width: number): string[] {
  return [
    styleText('bold', 'A shadow of this box, full of canaries'),
    ...planted.flatMap(({ input, names }) => wrapped(`${names.join(', ')}.`, width, label + 2, heading(input, width))),
    ...wrapped(
      `Each was looked for in every spelling, encoding, common hash and salt: ${number(needles)} in all.`,
      width,
      2,
    ),
    '',
    ...places.flatMap((one) => placeLines(one.place === 'sent' ? withMessages(one, messages) : one, width)),
    '',
    ...wrapped(`The shadow is this box but for ${differs.join('; ')}.`, width, 2),
    '',
  ]
}

/** A long list of sensors gets a line of its own. */
function heading(input: string, width: number): string {
  return input.length < label
    ? `  ${input.padEnd(label)}`
    : `${wrapped(input, width, 2).join('\n')}\n${' '.repeat(label + 2)}`
}

function withMessages(one: Searched, messages: number): Searched {
  return { ...one, note: `${one.note}, ${number(messages)} messages` }
}

function placeLines({ place, note, findings }: Searched, width: number): string[] {
  const { found, unsearched } = findings
  const isCount = place === 'heard' && unsearched.length === 0
  return [
    ...wrapped(isCount ? note : `${resultOf(findings)} (${note})`, width, label + 2, `  ${place.padEnd(label)}`),
    ...found
      .slice(0, mostListed)
      .flatMap((one) => wrapped(`${one.label}, in ${one.place} at ${one.offset}`, width, 6, '    - ')),
    ...(found.length > mostListed ? [`    - and ${number(found.length - mostListed)} more`] : []),
    ...unsearched
      .slice(0, mostListed)
      .flatMap((gap) => wrapped(`not searched: ${gap.place} (${gap.reason})`, width, 6, '    - ')),
  ]
}

function resultOf({ found, unsearched, bytes }: Findings): string {
  if (found.length > 0) return styleText('bold', `found ${number(found.length)} times in ${size(bytes)}`)
  if (unsearched.length > 0) return styleText('bold', 'could not be searched whole')
  return bytes > 0 ? `nothing in ${size(bytes)}` : 'nothing to search'
}

function verdictLines(proof: Proof, width: number): string[] {
  if (isClean(proof)) return wrapped(`${styleText('bold', 'Clean.')} ${cleanWords}`, width, 0)
  const isFound = [...(proof.shadow?.places ?? []), ...proof.live].some(({ findings }) => findings.found.length > 0)
  return wrapped(
    isFound ? `${styleText('bold', 'Not clean.')} ${foundWords}` : `${styleText('bold', 'Not proven.')} ${gapWords}`,
    width,
    0,
  )
}

const cleanWords = 'No trace of anybody was found in what was searched.'
const foundWords =
  'Something of a device was found where nothing may be: see above, and report it with this page, which holds no identifier.'
const gapWords = 'Nothing was found, but not everything could be searched: see above, or try again as root.'

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

function number(value: number): string {
  return value.toLocaleString('en')
}

/** Breaks a text at spaces; all lines but the first, which has `first` in front, are indented. */
function wrapped(text: string, width: number, indent: number, first = ' '.repeat(indent)): string[] {
  const lines: string[] = []
  let line = first
  for (const word of text.split(' ')) {
    const isBegun = line.trim() !== '' && !line.endsWith(' ')
    if (isBegun && lengthOf(line) + 1 + lengthOf(word) > width) {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else line += isBegun ? ` ${word}` : word
  }
  return [...lines, line]
}

function lengthOf(text: string): number {
  return text.slice(text.lastIndexOf('\n') + 1).replace(/\u001b\[\d+m/g, '').length
}
