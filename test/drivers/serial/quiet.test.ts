import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { need } from '../../support/need.ts'
import { jsonLine } from './frames.ts'
import { layCable, until } from './pty.ts'

const quietProcess = fileURLToPath(new URL('quiet-process.ts', import.meta.url))
const registry = new URL('../../../src/drivers/registry.ts', import.meta.url).href

// serialport 13 on Node 26 gives bytes only when some other timer wakes the loop. Node 24 is pinned for that;
// this test has teeth because its process has no timer but the driver's own watchdog of 25 s.
describe.skipIf(!need('socat'))('a process with nothing to do but to hear one port', () => {
  it('hears every line at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-quiet-'))
    const wire = await layCable(join(folder, 'cable'))
    const child = spawn(process.execPath, [quietProcess, wire.box], { stdio: ['ignore', 'pipe', 'inherit'] })
    const heard: string[] = []
    child.stdout.on('data', (chunk: Buffer) => heard.push(...chunk.toString().trim().split('\n')))
    try {
      let seq = 0
      const event = () => jsonLine({ seq: ++seq, t: seq * 100, ev: 'in', n: 1 })
      const knocking = setInterval(() => void wire.send(event()), 100)
      await until(() => heard.includes('counted'), 'the port is open', 20_000).finally(() => clearInterval(knocking))
      await new Promise((resolve) => setTimeout(resolve, 300))
      for (let i = 0; i < 10; i++) {
        const before = heard.length
        await wire.send(event())
        await until(() => heard.length > before, `line ${i} is heard within a second`, 1000)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } finally {
      child.kill('SIGKILL')
      await wire.unplug()
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a machine without serial sensors', () => {
  it('never loads the serialport package', () => {
    const script = `await import(${JSON.stringify(registry)}); const { createRequire } = await import('node:module');
      console.log(Object.keys(createRequire(import.meta.url).cache).filter((file) => /serialport/.test(file)).length)`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(stdout.trim()).toBe('0')
  })
})
