import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { drempel, startDrempel } from '../support/process.ts'
import { shopConfig } from '../support/recordings.ts'

const sensors = [
  { id: 'side', kind: 'json-lines', zone: 'entrance', port: '/dev/drempel-nothing-there' },
  { id: 'radio', kind: 'ble', zone: 'entrance' },
]

/** A shop's folder, whose configuration can be written anew. */
function shop(broker = 'mqtt://127.0.0.1:1') {
  const home = mkdtempSync(join(tmpdir(), 'drempel-service-'))
  const file = join(home, 'shop.yaml')
  const write = (changes: object = {}) =>
    writeFileSync(file, shopConfig({ broker, data: join(home, 'data'), sensors, ...changes }))
  write()
  return { home, file, write }
}

/** Runs the service until it logged `until`, then tells it to stop. */
async function runUntil(file: string, home: string, until: string): Promise<{ code: number | null; log: string }> {
  const child = startDrempel(['run', '--config', file], { DREMPEL_LOG: 'info', RUNTIME_DIRECTORY: home })
  const ended = once(child, 'exit')
  let log = ''
  child.stdout!.resume()
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    const wasTold = log.includes(until)
    log += text
    // Once: a signal that comes when Node has taken its handlers down kills what was ending well.
    if (!wasTold && log.includes(until)) child.kill('SIGTERM')
  })
  const [code] = (await ended) as [number | null]
  return { code, log }
}

describe('the service', () => {
  it.skipIf(!need('mosquitto'))(
    'says online, what it declares and how it is, and offline when it is told to stop',
    async () => {
      const broker = await startMosquitto()
      const { home, file } = shop(broker.url)
      const client = await connectAsync(broker.url)
      const heard = new Map<string, string[]>()
      client.on('message', (topic, bytes) => {
        const name = topic.split('/').at(-1)!
        heard.set(name, [...(heard.get(name) ?? []), bytes.toString()])
        if (name === 'health' && heard.get(name)!.length === 1) child.kill('SIGTERM')
      })
      await client.subscribeAsync('drempel/v1/acme/nl-0042/gw-1/#', { qos: 1 })
      const child = startDrempel(['run', '--config', file], { RUNTIME_DIRECTORY: home })
      child.stdout!.resume()
      child.stderr!.resume()
      const [code] = (await once(child, 'exit')) as [number | null]
      expect(code).toBe(0)
      expect(heard.get('status')!.map((text) => JSON.parse(text).state)).toEqual(['online', 'offline'])
      expect(JSON.parse(heard.get('catalogue')![0]!).series.map((one: { kind: string }) => one.kind)).toEqual([
        'footfall',
        'day',
      ])
      expect(JSON.parse(heard.get('health')![0]!).sensors).toEqual([
        { id: 'side', state: 'down' },
        { id: 'radio', state: 'not-driven' },
      ])
      await client.endAsync()
      await broker.stop()
    },
  )

  it('runs on with the accepted configuration when the file breaks, and says so', async () => {
    const { home, file } = shop()
    expect((await runUntil(file, home, 'running')).code).toBe(0)
    writeFileSync(file, `${readFileSync(file, 'utf8').replace('"15m"', '"14m"')}`)
    const { code, log } = await runUntil(file, home, '"msg":"running"')
    expect(code).toBe(0)
    expect(log).toContain('the configuration is broken, the accepted one runs')
  })

  it('runs on with the accepted configuration when the file is less private, until somebody accepts it', async () => {
    const { home, file, write } = shop()
    await runUntil(file, home, 'running')
    write({ window: '5m' })
    const refused = await runUntil(file, home, '"msg":"running"')
    expect(refused.log).toContain('windows would be 5 instead of 15 minutes')
    expect((await drempel(['check', '--config', file, '--accept'])).code).toBe(0)
    const accepted = await runUntil(file, home, 'starts on this day')
    expect(accepted.log).toContain('the changed privacy policy starts on this day')
    expect(accepted.log).not.toContain('less private')
  })

  it('takes no configuration that somebody edited behind its back for an accepted one', async () => {
    const { home, file, write } = shop()
    await runUntil(file, home, 'running')
    const accepted = join(home, 'data', 'accepted.json')
    expect(existsSync(accepted)).toBe(true)
    writeFileSync(accepted, readFileSync(accepted, 'utf8').replace('15m', '60m'))
    write({ window: '60m' })
    expect((await runUntil(file, home, 'running')).code).toBe(0)
  })

  it('refuses a folder that another process is using, and takes over the lock of a dead one', async () => {
    const { home, file } = shop()
    const first = startDrempel(['run', '--config', file], { DREMPEL_LOG: 'info', RUNTIME_DIRECTORY: home })
    first.stdout!.resume()
    await new Promise<void>((resolve) =>
      first.stderr!.setEncoding('utf8').on('data', (text: string) => text.includes('running') && resolve()),
    )
    const second = await drempel(['run', '--config', file])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('Another Drempel process is using this data folder')
    const ended = once(first, 'exit')
    first.kill('SIGKILL')
    await ended
    expect((await runUntil(file, home, 'running')).code).toBe(0)
  })
})
