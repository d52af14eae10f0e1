import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { fits } from '../../src/uplink/feed.ts'
import { type FeedKind, feedSchemas } from '../../src/uplink/feed-schema.ts'
import { exampleFolder } from '../commands/example.ts'

const readme = readFileSync('README.md', 'utf8')
const block = (name: string) => new RegExp(`<!-- ${name} -->\\n\`\`\`\\w*\\n([^]*?)\\n\`\`\``).exec(readme)?.[1] ?? ''
const folder = exampleFolder()

/** Writes out what README shortens. */
function whole(text: string): string {
  return text.replaceAll(/sha256:[0-9a-f]{8}…/g, `sha256:${'fa'.repeat(32)}`).replaceAll('…', '')
}

const samples = block('samples')
  .split('\n')
  .map((line): [string, string] => [line.slice(0, line.indexOf(' ')), whole(line.slice(line.indexOf(' ') + 1))])

describe('what README shows can be used as it stands', () => {
  test('the example configuration, that a missing configuration points to, is good', () => {
    const checked = readConfig(block('example'), join(folder, 'drempel.yaml'))
    expect(checked).toMatchObject({ warnings: [], config: { gateway: 'gw-1' } })
  })

  test('the file named by --config is said to go first', () => {
    expect(readme).toContain('the one named by `--config`, else `./drempel.yaml`, else `/etc/drempel/drempel.yaml`')
  })

  test('there is a sample of every message that this version sends or reads', () => {
    const kinds = samples.map(([topic]) => topic.split('/')[0])
    expect(['footfall', ...kinds].toSorted()).toEqual(
      Object.keys(feedSchemas)
        .filter((kind) => !['signal', 'consent', 'void', 'offer'].includes(kind))
        .toSorted(),
    )
  })

  test.each(samples)('the sample of %s fits its schema, keys in the order of the wire', (topic, text) => {
    const kind = topic.split('/')[0] as FeedKind
    const message: Record<string, unknown> = JSON.parse(text)
    expect(fits(kind, message)).toBe(true)
    const keys = Object.keys(feedSchemas[kind].properties)
    expect(Object.keys(message)).toEqual(keys.filter((key) => key in message))
  })

  test('the sample of a release fits too', () => {
    const text = /```json\n(\{"id"[\s\S]*?)\n```/.exec(readme)?.[1] ?? ''
    expect(fits('footfall', JSON.parse(whole(text)))).toBe(true)
  })
})
