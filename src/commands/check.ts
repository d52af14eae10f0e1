import type { Problem } from '../base/problem.ts'
import { type Config, findConfig, readConfig, readConfigText } from '../config.ts'
import { type Policy, policyOf } from '../privacy/policy.ts'
import {
  type Accepted,
  dataFolderOf,
  isAcceptedBroken,
  readAccepted,
  reasonsToConfirm,
  writeAccepted,
} from './accepted.ts'
import { parseCommand } from './help.ts'
import { describePolicy, type Section } from './policy-words.ts'
import { describeRadio } from './radio-words.ts'
import { isClosedToUs, makeUsable } from './working-folder.ts'

/** Checks the configuration: every problem with its fix, or the policy in plain words. Exit code 1 when it has problems. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseCommand('check', args)
  const file = findConfig(given.text('config'))
  const text = readConfigText(file)
  const checked = readConfig(text, file)
  const isJson = given.has('json')
  if ('problems' in checked) {
    const { problems } = checked
    print(isJson ? asJson({ ok: false, file, problems }) : problemPage({ text, file }, problems))
    return 1
  }
  const { config } = checked
  const policy = policyOf(config)
  const sections = [...describePolicy(config, policy), ...(await describeRadio(config))]
  const answer = { file, ...checked, policy, sections, toConfirm: reasonsAgainst(config) }
  if (given.has('accept')) accept({ text, file }, config)
  print(isJson ? asJson(goodAnswer(answer)) : policyPage(answer, given.has('accept')))
  return 0
}

/** Why this configuration does not run before somebody confirms it. */
function reasonsAgainst(config: Config): string[] {
  const kept = readAccepted(config.data)
  if (kept) return reasonsToConfirm(kept.config, config)
  return isAcceptedBroken(config.data) ? ['what was accepted here cannot be read any more'] : []
}

function accept(found: Accepted, config: Config): void {
  makeUsable(config.data)
  writeAccepted(config.data, found)
}

interface Answer {
  readonly file: string
  readonly config: Config
  readonly warnings: readonly Problem[]
  readonly policy: Policy
  readonly sections: readonly Section[]
  readonly toConfirm: readonly string[]
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function asJson(value: object): string {
  return JSON.stringify(value, null, 2)
}

function goodAnswer({ file, warnings, policy, sections, toConfirm }: Answer) {
  return { ok: true, file, warnings, toConfirm, policy, words: sections }
}

function problemPage({ text, file }: Accepted, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const kept = readAccepted(dataFolderOf(text, file))
  const meanwhile = kept?.isSigned
    ? 'The configuration that was accepted last runs on.'
    : 'Nothing is counted or sent with it.'
  const unseen = isClosedToUs(dataFolderOf(text, file)) ? ` ${unseenText}` : ''
  return [`${file} has ${count}.${unseen || ` ${meanwhile}`}`, '', ...problems.map(problemText)].join('\n')
}

const unseenText =
  'This user may not look into the data folder, so it is not known which configuration runs: check as the user of the service.'

/** One problem on four lines: where, value, reason, fix. */
function problemText({ path, value, reason, fix, line }: Problem): string {
  const where = line === undefined ? path : `${path}, line ${line}`
  return [`  ${where}`, `    value  ${value}`, `    why    ${reason}`, `    fix    ${fix}`, ''].join('\n')
}

function policyPage({ file, config, warnings, sections: words, toConfirm }: Answer, isAccepted: boolean): string {
  const sections = words.map(({ title, lines }) => sectionText(title, lines))
  if (warnings.length > 0) sections.push(['Warnings', ...warnings.map(problemText)].join('\n'))
  if (isClosedToUs(config.data)) sections.push(`${unseenText}\n`)
  if (isAccepted) sections.push('Accepted: it takes effect at the next start.\n')
  else if (toConfirm.length > 0) sections.push(sectionText('Not in force before `drempel check --accept`', toConfirm))
  const editor = [
    'For completion in an editor: drempel config-schema > drempel.schema.json, and as first line of the configuration',
    '  # yaml-language-server: $schema=drempel.schema.json',
  ]
  return [`${file} is valid.`, '', ...sections, ...editor].join('\n')
}

function sectionText(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`), ''].join('\n')
}
