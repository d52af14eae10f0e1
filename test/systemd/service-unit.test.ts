import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { need } from '../support/need.ts'

const unit = fileURLToPath(new URL('../../systemd/drempel.service', import.meta.url))

describe.skipIf(!need('systemd-analyze'))('the unit of the service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-unit-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is understood by systemd, down to the last key', () => {
    // systemd-analyze wants to see the program, which is only there once installed.
    const copy = join(folder, 'drempel.service')
    writeFileSync(copy, readFileSync(unit, 'utf8').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
    const verdict = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' })
    expect(verdict.stderr.split('\n').filter((line) => line.includes('drempel'))).toEqual([])
  })

  it.each(['drempel-radio@.service', 'drempel-radio.path', 'drempel-radio-purge.timer', 'var-lib-bluetooth.mount'])(
    'has %s beside it, which systemd understands, too',
    (name) => {
      const names = ['drempel-radio@.service', name]
      for (const one of names) {
        const text = readFileSync(new URL(`../../systemd/${one}`, import.meta.url), 'utf8')
        writeFileSync(join(folder, one), text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
      }
      const path = join(folder, name.replace('@.', '@reset.'))
      const verdict = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
      expect(verdict.stderr.split('\n').filter((line) => line.includes('drempel') || line.includes(name))).toEqual([])
    },
  )

  it('is shut in as far as a service with devices and network can be: exposure at most 1.6', () => {
    const arguments_ = ['security', '--offline=true', '--no-pager', '--threshold=16', unit]
    const verdict = spawnSync('systemd-analyze', arguments_, { encoding: 'utf8' })
    expect(verdict.stdout).toMatch(/Overall exposure level for drempel\.service: 1\.[0-6] OK/)
    expect(verdict.status).toBe(0)
  })
})
