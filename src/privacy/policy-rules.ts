import { GatewayError } from '../base/errors.ts'
import { display, type Finding, problem } from '../base/problem.ts'
import { readText } from '../base/text-file.ts'
import { assessmentFault, linesToSign, longestAssessment } from './assessment.ts'
import { type Policy, type PolicySource, policyOf } from './policy.ts'

/** What only the wall can judge: what one visit pays in all, and whether somebody signed for that. Paths are absolute. */
export function* policyFindings(source: PolicySource): Generator<Finding> {
  const policy = yield* priceFindings(source)
  const assessment = source.privacy.phones?.assessment
  if (policy?.profile === 'phones' && assessment) yield* assessmentFindings(assessment, policy.hash)
}

/** The first half of it. */
export function* priceFindings(source: PolicySource): Generator<Finding, Policy | undefined> {
  try {
    return policyOf(source)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const path = error.code === 'PRIVACY_ABOVE_CEILING' ? ['zones'] : ['privacy', 'profile']
    yield problem(path, error.message, error.fix ?? 'Use the profile footfall.')
    return undefined
  }
}

function* assessmentFindings(file: string, hash: string): Generator<Finding> {
  const read = readText(file, longestAssessment)
  const fault = 'text' in read ? assessmentFault(read.text, hash) : read.reason
  if (!fault) return
  const fix = `Have this policy judged; then put these lines, completed, into that file (a date such as 2026-01-31): ${linesToSign(hash).join(' | ')}`
  yield problem(['privacy', 'phones', 'assessment'], `${display(file, [])}: ${fault}.`, fix)
}
