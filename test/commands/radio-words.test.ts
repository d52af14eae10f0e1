import { describe, expect, it } from 'vitest'
import { reachLine, wantedLines } from '../../src/commands/radio-words.ts'
import { readConfig } from '../../src/config.ts'
import { exampleFolder, exampleWith, purpose } from './example.ts'

const folder = exampleFolder()

function wording(changes: Record<string, unknown>) {
  const checked = readConfig(exampleWith(changes), `${folder}/drempel.yaml`)
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
  const sensor = { id: 'radio', kind: 'ble', zone: 'entrance', adapter: 'hci0' } as const
  const reach = (answer: 'monitor' | 'discovery') => reachLine({ sensor, answer }, checked.config)
  return { wanted: wantedLines(checked.config).join('\n'), reach }
}

describe('what is said of the radio', () => {
  it('is that no stranger comes in, where there is nothing to agree to', () => {
    const { wanted, reach } = wording({})
    expect(wanted).not.toMatch(/tags|token/)
    expect(reach('monitor')).toMatch(/strangers' adverts do not reach/)
  })

  it('is that tags come in, whoever carries them, where there is, and that the box says something, too', () => {
    const { wanted, reach } = wording({ purposes: [purpose] })
    expect(wanted).toMatch(/Eddystone-EID.*of all others nothing is kept/)
    expect(wanted).toMatch(/beacon with the token/)
    expect(reach('monitor')).toMatch(/of strangers only the adverts of tags reach/)
    expect(reach('discovery')).toMatch(/strangers' adverts reach this process and are dropped there/)
  })
})
