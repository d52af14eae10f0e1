import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readUnsigned } from '../../src/config.ts'
import { policyOf } from '../../src/privacy/policy.ts'

/** What a shop that counts phones writes under `privacy`. */
export const phonesPrivacy = {
  profile: 'phones',
  phones: {
    assessment: 'assessment.txt',
    legalBasis: 'Art. 6(1)(f) GDPR',
    signage: true,
    optOutUrl: 'https://acme.example/no',
  },
}

/** Writes a configuration and, beside it, the assessment signed for its policy, as an officer does. */
export function writeSigned(file: string, text: string): void {
  writeFileSync(file, text)
  const read = readUnsigned(text, file)
  if ('problems' in read) throw new Error(JSON.stringify(read.problems))
  const lines = [`policy: ${policyOf(read.config).hash}`, 'name: A. Officer', 'role: DPO', 'date: 2026-11-01']
  writeFileSync(join(dirname(file), 'assessment.txt'), `${lines.join('\n')}\n`)
}
