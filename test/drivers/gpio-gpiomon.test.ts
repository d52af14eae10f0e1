import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createBeamPairDriver } from '../../src/drivers/gpio/beam-pair.ts'
import type { Driver, Edge, Reading, SensorState } from '../../src/drivers/reading.ts'
import type { SensorOf } from '../../src/drivers/settings.ts'
import { FakeGpiod } from '../support/gpio/fake-gpiod.ts'
import { NodeProcess } from '../support/gpio/fake-sysfs.ts'
import { canRunRealGpiod, RealGpiod } from '../support/gpio/real-gpiod.ts'
import { need } from '../support/need.ts'

const settings: SensorOf<'beam-pair'> = {
  id: 'door',
  kind: 'beam-pair',
  zone: 'entrance',
  outer: 'GPIO17',
  inner: 'GPIO27',
  broken: 'high',
  driver: 'gpiomon',
}
const pi5 = [
  'gpiochip0 [pinctrl-rp1] (54 lines)',
  'gpiochip10 [gpio-brcmstb@107d508500] (32 lines)',
  'gpiochip11 [gpio-brcmstb@107d517c00] (15 lines)',
]
const realClock = systemClock(() => true)
/** Does not wait long before it tries again. */
const impatient: Clock = { ...realClock, after: (ms, callback) => realClock.after(ms === 1000 ? 50 : ms, callback) }

const environment = { ...process.env }
const path = process.env.PATH
const closing: (() => Promise<void> | void)[] = []

afterEach(async () => {
  process.env = { ...environment }
  for (const close of closing.splice(0).reverse()) await close()
})

function installed(generation: 1 | 2, chips?: readonly string[]): FakeGpiod {
  const gpiod = new FakeGpiod(generation, chips)
  process.env.PATH = `${gpiod.folder}:${path}`
  closing.push(() => gpiod.close())
  return gpiod
}

class Heard {
  readonly readings: Reading[] = []
  readonly driver: Driver

  constructor(overrides: Partial<SensorOf<'beam-pair'>> = {}, clock: Clock = realClock) {
    this.driver = createBeamPairDriver({ ...settings, ...overrides }, { clock, log: silentLog })
    closing.push(() => this.driver.close())
  }

  async open(): Promise<this> {
    await this.driver.open((reading) => this.readings.push(reading))
    return this
  }

  get edges(): Edge[] {
    return this.readings.filter((reading) => reading.kind === 'edge')
  }

  get states(): SensorState[] {
    return this.readings.filter((reading) => reading.kind === 'state')
  }

  async until(holds: (heard: this) => boolean): Promise<void> {
    await expect.poll(() => holds(this), { interval: 5, timeout: 10_000 }).toBe(true)
  }

  /** Until the lines are held; gives the edges that told the first levels. */
  async up(): Promise<Edge[]> {
    await this.until((heard) => heard.states.at(-1)?.state === 'up' && heard.edges.length >= 2)
    return this.edges.splice(0, 2)
  }
}

const nowInNs = () => process.hrtime.bigint()
const ms = 1_000_000n

describe.each([1, 2] as const)('beams through gpiomon of libgpiod %i', (generation) => {
  it('asks in the words of its generation, and names the chip by its label', async () => {
    const gpiod = installed(generation, pi5)
    const heard = await new Heard().open()
    await heard.up()
    const expected = {
      1: ['-b', '-F', '%o %e %s %n', 'gpiochip0', '17', '27'],
      2: ['--banner', '-E', 'monotonic', '-F', '%o %E %S', '-c', 'gpiochip0', '17', '27'],
    }
    expect(gpiod.call).toEqual(expected[generation])
    expect(heard.driver.health()).toEqual({ sensor: 'door', state: 'up', dropped: 0 })
  })

  it('begins with up and both levels, then hears every edge at the time the kernel stamped it', async () => {
    const gpiod = installed(generation)
    gpiod.levels(1, 0)
    const heard = await new Heard().open()
    await heard.up()
    expect(heard.readings).toMatchObject([
      { kind: 'state', sensor: 'door', state: 'up' },
      { kind: 'edge', sensor: 'door', line: 'outer', level: 1 },
      { kind: 'edge', sensor: 'door', line: 'inner', level: 0 },
    ])

    const began = realClock.monotonic()
    const stamp = nowInNs()
    gpiod.print(gpiod.edge(27, true, stamp + 1_000n) + gpiod.edge(17, false, stamp + 2_000n))
    await heard.until(({ edges }) => edges.length === 4)
    const [inner, outer] = heard.edges.slice(2)
    expect(inner).toMatchObject({ line: 'inner', level: 1 })
    expect(outer).toMatchObject({ line: 'outer', level: 0 })
    expect(inner!.at - began).toBeLessThan(1)
    expect(outer!.at - inner!.at).toBeCloseTo(0.001, 4)
  })

  it('puts edges that were told in the wrong order right by their stamps', async () => {
    const gpiod = installed(generation)
    const heard = await new Heard().open()
    await heard.up()
    const stamp = nowInNs() - 10n * ms
    gpiod.print(gpiod.edge(27, true, stamp + 5n * ms))
    gpiod.print(gpiod.edge(27, false, stamp + 8n * ms))
    gpiod.print(gpiod.edge(17, true, stamp))
    gpiod.print(gpiod.edge(17, false, stamp + 6n * ms))
    await heard.until(({ edges }) => edges.length === 6)
    expect(heard.edges.slice(2).map(({ line, level }) => `${line} ${level}`)).toEqual([
      'outer 1',
      'inner 1',
      'outer 0',
      'inner 0',
    ])
    const times = heard.edges.map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('takes high for clear when `broken: low`', async () => {
    const gpiod = installed(generation)
    gpiod.levels(1, 1)
    const heard = await new Heard({ broken: 'low' }).open()
    expect((await heard.up()).map(({ level }) => level)).toEqual([0, 0])
    gpiod.print(gpiod.edge(17, false, nowInNs()))
    await heard.until(({ edges }) => edges.length === 3)
    expect(heard.edges[2]).toMatchObject({ line: 'outer', level: 1 })
  })

  it('puts lines together that arrive in pieces, and drops and counts what is not an edge', async () => {
    const gpiod = installed(generation)
    const heard = await new Heard().open()
    await heard.up()
    const text = gpiod.edge(17, true, nowInNs())
    gpiod.print(`garbage\n\n17 maybe 12 3\n99 1 2 3\n${'x'.repeat(5000)}\n`)
    await heard.until(({ driver }) => driver.health().dropped === 5)
    gpiod.print(text.slice(0, 7))
    gpiod.print(text.slice(7, 12))
    gpiod.print(text.slice(12))
    await heard.until(({ edges }) => edges.length === 3)
    expect(heard.edges[2]).toMatchObject({ line: 'outer', level: 1 })
    expect(heard.driver.health()).toEqual({ sensor: 'door', state: 'up', dropped: 5 })
  })

  it('says that gpiomon died, and starts it again after a while', async () => {
    const gpiod = installed(generation)
    const heard = await new Heard({}, impatient).open()
    await heard.up()
    gpiod.levels(1, 0)
    gpiod.kill()
    await heard.until(({ states }) => states.at(-1)?.state === 'up' && states.length === 3)
    expect(heard.states[1]).toMatchObject({ state: 'down', reason: expect.stringContaining('gpiomon ended by itself') })
    await heard.until(({ edges }) => edges.length === 4)
    expect(heard.edges.slice(2)).toMatchObject([{ level: 1 }, { level: 0 }])
    expect(gpiod.starts).toBe(2)
  })

  it('says that a line is taken, and comes up when it is free', async () => {
    const gpiod = installed(generation)
    gpiod.busy(true)
    const heard = await new Heard({}, impatient).open()
    await heard.until(({ states }) => states.length === 1)
    expect(heard.states[0]).toMatchObject({
      state: 'down',
      reason: expect.stringContaining('A GPIO line is held by another program.'),
    })
    expect(heard.driver.health()).toMatchObject({ state: 'down', reason: heard.states[0]!.reason })
    gpiod.busy(false)
    await heard.up()
    expect(heard.states).toHaveLength(2)
  })

  it('reads the levels again after a burst in which the kernel may have lost edges', async () => {
    const gpiod = installed(generation)
    const heard = await new Heard().open()
    await heard.up()
    const stamp = nowInNs()
    const burst = Array.from({ length: 21 }, (_, index) => gpiod.edge(17, index % 2 === 0, stamp + BigInt(index)))
    gpiod.print(burst.join(''))
    await heard.until(({ edges }) => edges.length === 23)
    expect(heard.edges.at(-1)).toMatchObject({ line: 'outer', level: 1 })

    await heard.until(({ edges }) => edges.length === 24)
    expect(heard.edges.at(-1)).toMatchObject({ line: 'outer', level: 0 })
    expect(heard.states).toHaveLength(1)
    expect(gpiod.starts).toBe(2)
    gpiod.print(gpiod.edge(17, true, nowInNs()))
    await heard.until(({ edges }) => edges.length === 25)
  })

  it('takes the time of arrival when stamps come from another clock', async () => {
    const gpiod = installed(generation)
    const heard = await new Heard().open()
    await heard.up()
    const before = realClock.monotonic()
    gpiod.print(gpiod.edge(17, true, 1_763_000_000_000_000_000n))
    await heard.until(({ edges }) => edges.length === 3)
    expect(heard.edges[2]!.at).toBeGreaterThan(before)
    expect(heard.edges[2]!.at).toBeLessThan(realClock.monotonic())
  })

  it('ends its gpiomon when closed, any number of times, also while it opens', async () => {
    const gpiod = installed(generation)
    const heard = await new Heard().open()
    await heard.up()
    expect(gpiod.isMonitored).toBe(true)
    await Promise.all([heard.driver.close(), heard.driver.close()])
    await heard.driver.close()
    expect(gpiod.isMonitored).toBe(false)
    expect(heard.states).toHaveLength(1)

    const hasty = await new Heard().open()
    await expect.poll(() => gpiod.isMonitored, { interval: 1 }).toBe(true)
    await hasty.driver.close()
    expect(gpiod.isMonitored).toBe(false)
    expect(hasty.readings.filter((reading) => reading.kind === 'state' && reading.state === 'down')).toEqual([])
  })
})

describe.skipIf(!canRunRealGpiod())('beams through the installed gpiomon', () => {
  it('hears 100 edges of both lines in the order and at the time the kernel stamped', async () => {
    const gpiod = new RealGpiod('0 1')
    closing.push(() => gpiod.close())
    Object.assign(process.env, gpiod.environment)
    const heard = await new Heard().open()
    expect((await heard.up()).map(({ level }) => level)).toEqual([0, 1])

    const stamps: bigint[] = []
    for (let edge = 0; edge < 100; edge++) {
      stamps.push(nowInNs())
      gpiod.edge(edge % 2 === 0 ? 17 : 27, edge % 4 === 0 || edge % 4 === 3, stamps.at(-1)!)
    }
    await heard.until(({ edges }) => edges.length === 102)
    const edges = heard.edges.slice(2)
    expect(edges.map(({ line, level }) => `${line} ${level}`)).toEqual(
      edges.map((_, edge) => ['outer 1', 'inner 0', 'outer 0', 'inner 1'][edge % 4]),
    )
    const gaps = edges.slice(1).map(({ at }, index) => at - edges[index]!.at)
    const stamped = stamps.slice(1).map((stamp, index) => Number(stamp - stamps[index]!) / 1e6)
    for (const [index, gap] of gaps.entries()) expect(gap).toBeCloseTo(stamped[index]!, 1)
    expect(heard.driver.health().dropped).toBe(0)
  })
})

describe('beams without a way to hear them', () => {
  it('refuses chips that do not drive a header, with the list of those seen', async () => {
    installed(2, pi5.slice(1))
    const heard = await new Heard().open()
    await heard.until(({ states }) => states.length === 1)
    expect(heard.states[0]!.reason).toContain(
      'Seen: gpiochip10 (gpio-brcmstb@107d508500), gpiochip11 (gpio-brcmstb@107d517c00).',
    )
  })

  it('names what to install when gpiomon is not there', async () => {
    process.env.PATH = '/nonexistent'
    const heard = await new Heard().open()
    await heard.until(({ states }) => states.length === 1)
    expect(heard.states[0]).toMatchObject({ state: 'down', reason: expect.stringContaining('apt install gpiod') })
  })

  it.skipIf(existsSync('/sys/class/gpio'))('says of both ways why they fail when it may choose', async () => {
    process.env.PATH = '/nonexistent'
    const heard = await new Heard({ driver: 'auto' }).open()
    await heard.until(({ states }) => states.length === 1)
    const reason = heard.states[0]!.reason
    expect(reason).toContain('With gpiomon: ')
    expect(reason).toContain(
      'With onoff: GPIO lines cannot be watched on this machine. The kernel shows no GPIO in sysfs.',
    )
  })

  it('chooses gpiomon where it is installed and sees the header', async () => {
    const gpiod = installed(1)
    const heard = await new Heard({ driver: 'auto' }).open()
    await heard.up()
    expect(gpiod.starts).toBe(1)
  })

  it('waits longer from attempt to attempt, up to a minute', async () => {
    process.env.PATH = '/nonexistent'
    const asked: number[] = []
    const retry: (() => void)[] = []
    const after: Clock['after'] = (delay, callback) => {
      asked.push(delay)
      retry.push(callback)
      return () => {}
    }
    const heard = await new Heard({}, { ...realClock, after }).open()
    for (let attempt = 1; attempt <= 9; attempt++) {
      await expect.poll(() => asked.length, { interval: 1 }).toBe(attempt)
      retry.at(-1)!()
    }
    expect(asked.slice(0, 9)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(heard.states).toHaveLength(1)
  })
})

describe.skipIf(!need('setpriv'))('a gateway that is killed', () => {
  it('leaves no gpiomon behind that would keep the lines', async () => {
    const gpiod = installed(1)
    const script = fileURLToPath(new URL('../support/gpio/beam-pair-process.ts', import.meta.url))
    const gateway = new NodeProcess(spawn(process.execPath, [script, JSON.stringify(settings)]))
    await gateway.state('up')
    expect(gpiod.isMonitored).toBe(true)
    gateway.child.kill('SIGKILL')
    await gateway.exited
    await expect.poll(() => gpiod.isMonitored, { interval: 5 }).toBe(false)
  })
})
