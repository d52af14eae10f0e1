import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLog } from '../../src/base/log.ts'
import { asSentence } from '../../src/commands/terminal-log.ts'
import { need } from '../support/need.ts'
import { exampleFolder, exampleWith } from './example.ts'

function said(write: (log: ReturnType<typeof openLog>) => void): string {
  const lines: string[] = []
  write(openLog('debug', (line) => lines.push(asSentence(line))))
  return lines.join('').replaceAll(/^\d\d:\d\d:\d\d/gm, 'TIME')
}

describe('somebody at a terminal reads sentences', () => {
  test('with the sensor in front and the rest behind', () => {
    expect(said((log) => log.warn({ sensor: 'aisle' }, 'Nothing is plugged in.'))).toBe(
      'TIME  warning  aisle: Nothing is plugged in.\n',
    )
    expect(said((log) => log.info({ version: '1', store: 'a' }, 'running'))).toBe(
      'TIME  running (version: 1, store: a)\n',
    )
    expect(said((log) => log.error({ reasons: ['one', 'two'] }, 'less private'))).toBe(
      'TIME  error  less private (reasons: one; two)\n',
    )
  })

  const folder = exampleFolder()
  const file = join(folder, 'run.yaml')
  writeFileSync(file, exampleWith({ data: join(folder, 'data'), upstream: { url: 'mqtt://127.0.0.1:9' } }))
  // `script` gives the command a terminal of its own; Ctrl-C comes from timeout.
  const command = `timeout -s INT 3 ${process.execPath} src/main.ts run --config ${file}`

  test.skipIf(!need('script'))(
    'and no JSON, while a journal gets JSON lines',
    () => {
      const onTerminal = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' }).stdout
      expect(onTerminal).toContain('warning  aisle: Nothing is plugged in at /dev/counter/aisle')
      expect(onTerminal).not.toContain('{"level"')
      const elsewhere = spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stderr.trimEnd().split('\n')
      expect(elsewhere.map((line) => typeof JSON.parse(line).msg)).toEqual(elsewhere.map(() => 'string'))
    },
    20_000,
  )
})
