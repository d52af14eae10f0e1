import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { missing, need } from '../support/need.ts'
import { startDemo } from './demo-process.ts'

const temporary = mkdtempSync(join(tmpdir(), 'demo-test-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const releaseLine = /^ {2}10:05 {2}(Entrance|Side door) +in +-?\d+ +out +-?\d+ +± +7 +walked +\d+ +\d+$/m

/** Nobody listens here for a moment, so that a demo finds it taken. */
async function occupy(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, server }
}

describe('drempel demo', () => {
  test('prints plain lines, among them a release within ten seconds, and ends by itself', async () => {
    const begun = performance.now()
    const demo = startDemo(['--for', '12s', '--port', '0'], { TMPDIR: temporary })
    await demo.until(releaseLine)
    expect(performance.now() - begun).toBeLessThan(20_000)
    const files = readdirSync(temporary)
    expect(files).toHaveLength(1)
    expect(await demo.ended()).toEqual({ code: 0, signal: null })
    expect(demo.complained()).toBe('')
    expect(demo.printed()).not.toContain('\u001b')
    expect(
      demo
        .printed()
        .split('\n')
        .every((line) => line.length <= 100),
    ).toBe(true)
    expect(demo.printed()).toMatch(/Stopped after \d+ releases/)
    expect(existsSync(join(temporary, files[0]!))).toBe(false)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends cleanly within a second of %s', async (signal) => {
    const { port, server } = await occupy()
    const demo = startDemo(['--port', `${port}`], { TMPDIR: temporary })
    const [, page] = await demo.until(/http:\/\/127\.0\.0\.1:(\d+)\//)
    expect(Number(page)).not.toBe(port)
    expect(demo.printed()).toContain(`(port ${port} is taken)`)
    const live = await fetch(`http://127.0.0.1:${page}/live`)
    const begun = performance.now()
    demo.process.kill(signal)
    expect(await demo.ended()).toEqual({ code: 0, signal: null })
    expect(performance.now() - begun).toBeLessThan(1000)
    expect(readdirSync(temporary)).toEqual([])
    await live.body?.cancel().catch(() => {})
    server.close()
  })

  test.skipIf(!need('mosquitto_sub'))('prints a line for mosquitto_sub that works as printed', async () => {
    const demo = startDemo(['--port', '0', '--speed', '300'])
    const [, line] = await demo.until(/Listen {2}(.*)/)
    const listener = spawn('sh', ['-c', `exec ${line} -C 6`])
    let heard = ''
    listener.stdout.on('data', (piece) => {
      heard += piece
    })
    expect((await once(listener, 'close'))[0]).toBe(0)
    demo.process.kill('SIGINT')
    await demo.ended()
    expect(heard).toMatch(/^drempel\/v1\/demo\/virtual-shop\/gw-1\/footfall\/entrance \{"id":.*\} *$/m)
    expect(heard).toMatch(/^drempel\/v1\/demo\/virtual-shop\/gw-1\/status \{"state":"online"/m)
  })

  test('stops when whoever read its output has seen enough, and leaves nothing behind', async () => {
    const shell = spawn('sh', ['-c', `${process.execPath} src/main.ts demo --port 0 --speed 300 | head -3`], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, TMPDIR: temporary },
    })
    expect((await once(shell, 'close'))[0]).toBe(0)
    expect(readdirSync(temporary)).toEqual([])
  })

  test.each([
    [['--speed', '0'], '--speed is a whole number from 1 to 600'],
    [['--speed', '601'], '--speed'],
    [['--speed', 'fast'], '--speed'],
    [['--port', '65536'], '--port is a whole number from 0 to 65535'],
    [['--for', '12'], '--for'],
    [['--spede', '3'], 'Did you mean --speed?'],
    [['now'], 'It takes no more arguments'],
  ])('refuses %j with a sentence and exit code 2', async (args, sentence) => {
    const demo = startDemo(args)
    expect((await demo.ended()).code).toBe(2)
    expect(demo.complained()).toContain(sentence)
    expect(demo.printed()).toBe('')
  })

  const hasScript = need('script') || missing("the program 'script' (util-linux)")
  test.skipIf(!hasScript)('is coloured on a terminal, unless NO_COLOR asks for none', async () => {
    const onTerminal = async (environment: Record<string, string>) => {
      // Node paints nothing where CI is set.
      const { NO_COLOR, FORCE_COLOR, CI, ...plain } = process.env
      const command = `${process.execPath} src/main.ts demo --port 0 --for 1s`
      const shell = spawn('script', ['-qec', command, '/dev/null'], {
        cwd: join(import.meta.dirname, '../..'),
        env: { ...plain, TERM: 'xterm-256color', ...environment },
      })
      let shown = ''
      shell.stdout.on('data', (piece) => {
        shown += piece
      })
      await once(shell, 'close')
      return shown
    }
    expect(await onTerminal({})).toContain('\u001b[1mDrempel demo')
    const plain = await onTerminal({ NO_COLOR: '1' })
    expect(plain).toContain('Drempel demo')
    expect(plain).not.toContain('\u001b')
  })
})
