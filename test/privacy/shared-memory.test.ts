import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openRuntimeFile } from '../../src/base/runtime-file.ts'

it('writes no open count where somebody else was first to put a link or an open folder', () => {
  const [trap, data] = [mkdtempSync(join(tmpdir(), 'drempel-trap-')), mkdtempSync(join(tmpdir(), 'drempel-data-'))]
  const name = `drempel-${createHash('sha256').update(data).digest('hex').slice(0, 16)}`
  const [link, open] = [join('/run', name), join('/dev/shm', name)]
  if (process.getuid?.() === 0) symlinkSync(trap, link)
  mkdirSync(open, { mode: 0o755 })
  openRuntimeFile(data, 'open-windows.json')?.write('{}')
  expect([...readdirSync(trap), ...readdirSync(open)]).toEqual([])
  for (const path of [link, open, trap, data]) rmSync(path, { recursive: true, force: true })
})
