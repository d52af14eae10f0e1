import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { scaledClock, systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { SerialSettings } from '../../../src/drivers/decoders.ts'
import type { Reading } from '../../../src/drivers/reading.ts'
import { createSerialDriver } from '../../../src/drivers/serial/port.ts'
import { encodeFrame } from '../../../src/simulator/ld2450.ts'
import { need, trials } from '../../support/need.ts'
import { jsonLine, modbusException, modbusResponse } from './frames.ts'
import { modbusSettings, peopleIn, settingsOf } from './hearing.ts'
import { type Cable, layCable, until } from './pty.ts'

const realTime = systemClock(() => true)
const endings: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const someone = { x: 300, y: 900, speed: 12, resolution: 320 }
const frame = encodeFrame([someone])

async function cable(): Promise<Cable> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-serial-'))
  const laid = await layCable(join(folder, 'cable'))
  endings.push(() => rmSync(folder, { recursive: true }), laid.unplug)
  return laid
}

/** A driver that is open; what it hears is in `readings`. */
async function hear(settings: SerialSettings, clock = realTime) {
  const readings: Reading[] = []
  const driver = createSerialDriver(settings, { clock, log: silentLog })
  endings.push(() => driver.close())
  await driver.open((reading) => readings.push(reading))
  const states = () => readings.flatMap((reading) => (reading.kind === 'state' ? [reading.state] : []))
  const frames = () => readings.filter(({ kind }) => kind === 'targets').length
  return { driver, readings, states, frames }
}

/** Sends a frame every 50 ms, as long as the test runs. */
function radar({ send }: Cable): () => void {
  const timer = setInterval(() => void send(frame).catch(() => {}), 50)
  endings.push(() => clearInterval(timer))
  return () => clearInterval(timer)
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}

describe.skipIf(!need('socat'))('a sensor on a serial port', () => {
  it('is up when its first frame is heard, and then says what it heard', async () => {
    const wire = await cable()
    const { driver, readings } = await hear({ ...settingsOf.ld2450, port: wire.box })
    expect(driver.health()).toMatchObject({ state: 'down', reason: expect.stringMatching(/not been heard/) })
    radar(wire)
    await until(() => readings.length >= 2, 'a state and a frame')
    expect(readings[0]).toEqual({ kind: 'state', sensor: 'aisle', state: 'up', at: expect.any(Number) })
    expect(readings[1]).toMatchObject({ kind: 'targets', targets: [someone] })
    expect(driver.health()).toEqual({ sensor: 'aisle', state: 'up', dropped: 0 })
  })

  it('is heard through split and garbled bytes', async () => {
    const wire = await cable()
    const { driver, readings, frames } = await hear({ ...settingsOf.ld2450, port: wire.box })
    await opened(wire, () => frames() > 0)
    const before = frames()
    for (let i = 0; i < 20; i++) {
      await wire.send(frame.subarray(0, 11))
      await wire.send(frame.subarray(11))
      await wire.send(frame.with(29, 0))
      await wire.send('garbage')
    }
    await wire.send(frame)
    await until(() => frames() - before === 21, 'all whole frames')
    expect(readings.at(-1)).toMatchObject({ targets: [someone] })
    expect(driver.health().dropped).toBeGreaterThan(10)
  })

  it('is down with a reason while nothing is plugged in, and up after', async () => {
    const { driver, states } = await hear({ ...settingsOf.ld2450, port: '/dev/counter/nothing-here' })
    await until(() => states().length > 0, 'down')
    expect(driver.health()).toMatchObject({
      state: 'down',
      reason: 'Nothing is plugged in at /dev/counter/nothing-here: plug in aisle, or correct its port.',
    })
  })

  it('is down when the port is no serial port', async () => {
    const { driver, states } = await hear({ ...settingsOf.ld2450, port: '/dev/null' })
    await until(() => states().length > 0, 'down')
    expect(driver.health().reason).toBe('/dev/null is not a serial port: correct the port of aisle.')
  })

  it('is down when another program holds the port', async () => {
    const wire = await cable()
    radar(wire)
    const first = await hear({ ...settingsOf.ld2450, port: wire.box })
    await until(() => first.states().length > 0, 'the first is up')
    const second = await hear({ ...settingsOf.ld2450, port: wire.box })
    await until(() => second.states().length > 0, 'the second is down')
    expect(second.driver.health().reason).toMatch(/^Another program is using /)
    expect(first.states()).toEqual(['up'])
  })

  it('is down when unplugged and up when plugged in again, and no file stays open', async () => {
    const wire = await cable()
    radar(wire)
    const { driver, states, frames } = await hear({ ...settingsOf.ld2450, port: wire.box })
    await until(() => frames() > 0, 'frames')
    const files = openFiles()
    for (let i = 1; i <= trials(3, 30); i++) {
      await wire.unplug()
      await until(() => states().length === 2 * i, `down for the ${i}. time`)
      expect(driver.health().reason).toMatch(/went away|Nothing is plugged in/)
      await wire.plugIn()
      const before = frames()
      await until(() => frames() > before, `frames for the ${i}. time`, 30_000)
    }
    expect(states().slice(0, 3)).toEqual(['up', 'down', 'up'])
    expect(openFiles()).toBe(files)
    await driver.close()
    expect(openFiles()).toBe(files - 1)
  })

  it('is known to be unplugged also when it hung up between two reads', async () => {
    const wire = await cable()
    const { driver, states, frames } = await hear({ ...settingsOf.ld2450, port: wire.box })
    for (let i = 1; i <= 5; i++) {
      const before = frames()
      await opened(wire, () => frames() > before)
      await wire.send(frame)
      wire.cutUnnoticed()
      await until(() => states().length === 2 * i, 'down')
      expect(driver.health().reason).toMatch(/went away/)
      await wire.unplug()
      await wire.plugIn()
    }
  })

  it('is down after three silent seconds and up with the next frame', async () => {
    const wire = await cable()
    const stop = radar(wire)
    const { driver, readings, states, frames } = await hear(
      { ...settingsOf.ld2450, port: wire.box },
      scaledClock(0, 10),
    )
    await until(() => frames() > 5, 'frames')
    stop()
    await until(() => states().length === 2, 'down')
    const [lastFrame, down] = readings.slice(-2)
    expect(down!.at - lastFrame!.at).toBeGreaterThan(2990)
    expect(down!.at - lastFrame!.at).toBeLessThan(4000)
    expect(driver.health().reason).toMatch(/^aisle is silent on .*TX wire goes to RX/)
    radar(wire)
    await until(() => states().length === 3, 'up')
  })

  it('that sends nothing it understands says so, with kind and baud', async () => {
    const wire = await cable()
    const { driver, states } = await hear({ ...settingsOf.ld2450, port: wire.box }, scaledClock(0, 10))
    const timer = setInterval(() => void wire.send('noise').catch(() => {}), 20)
    endings.push(() => clearInterval(timer))
    await until(() => states().length === 1 && /understood/.test(driver.health().reason ?? ''), 'down')
    expect(driver.health().reason).toMatch(/its kind \(ld2450\) and baud \(256000\)/)
  })

  it('says nothing more once it is closed', async () => {
    const wire = await cable()
    radar(wire)
    const { driver, readings, frames } = await hear({ ...settingsOf.ld2450, port: wire.box })
    await until(() => frames() > 0, 'frames')
    await driver.close()
    const heard = readings.length
    await wire.send(frame)
    await driver.close()
    await wire.unplug()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(readings).toHaveLength(heard)
  })

  it('is not reset by closing: DTR stays as it is', async () => {
    const wire = await cable()
    radar(wire)
    const { frames } = await hear({ ...settingsOf.ld2450, port: wire.box })
    await until(() => frames() > 0, 'frames')
    expect(spawnSync('stty', ['-F', wire.box, '-a'], { encoding: 'utf8' }).stdout).toContain('-hupcl')
  })

  it('may be closed while it is being opened, without an open file', async () => {
    const wire = await cable()
    const files = openFiles()
    for (let i = 0; i < 10; i++) {
      const { driver } = await hear({ ...settingsOf.ld2450, port: wire.box })
      await driver.close()
    }
    expect(openFiles()).toBe(files)
  })
})

/** Sends frames until the driver hears them: it opens the port in its own time. */
async function opened(wire: Cable, isHeard: () => boolean): Promise<void> {
  const stop = radar(wire)
  await until(isHeard, 'the port is open')
  stop()
  await new Promise((resolve) => setTimeout(resolve, 100))
}

describe.skipIf(!need('socat'))('a counter on a serial port', () => {
  it('is up with its first valid line and keeps its account through an unplug', async () => {
    const wire = await cable()
    const { readings, states } = await hear({ ...settingsOf['json-lines'], port: wire.box })
    const totals = (seq: number, people: number) => jsonLine({ seq, t: seq * 5000, ev: 'hb', in: people, out: 0 })
    await untilHeard(wire, totals(1, 50), () => states().length === 1)
    await wire.send(jsonLine({ seq: 2, t: 10_000, ev: 'in', n: 1 }))
    await until(() => peopleIn(readings).in === 1, 'the event')
    await wire.unplug()
    await until(() => states().length === 2, 'down')
    await wire.plugIn()
    await untilHeard(wire, totals(9, 58), () => states().length === 3)
    expect(states()).toEqual(['up', 'down', 'up'])
    await until(() => peopleIn(readings).in === 8, 'those who passed meanwhile')
  })

  it('is not up for lines that are none', async () => {
    const wire = await cable()
    const { driver, states } = await hear({ ...settingsOf['json-lines'], port: wire.box })
    await untilHeard(wire, 'I (31) boot: hello\n', () => driver.health().dropped > 3)
    expect(states()).toEqual([])
  })

  it('is down after 25 s without a line', async () => {
    const wire = await cable()
    const { driver, readings, states } = await hear({ ...settingsOf['json-lines'], port: wire.box }, scaledClock(0, 50))
    await untilHeard(wire, jsonLine({ seq: 1, t: 1, ev: 'hb', in: 0, out: 0 }), () => states().length === 1)
    await until(() => states().length === 2, 'down')
    expect(readings[1]!.at - readings[0]!.at).toBeGreaterThan(24_990)
    expect(driver.health().reason).toMatch(/TX wire goes to RX/)
  })
})

async function untilHeard(wire: Cable, bytes: Uint8Array | string, isHeard: () => boolean): Promise<void> {
  const timer = setInterval(() => void wire.send(bytes).catch(() => {}), 50)
  await until(isHeard, 'the line').finally(() => clearInterval(timer))
}

describe.skipIf(!need('socat'))('a Modbus counter on a serial port', () => {
  const settings = modbusSettings({ pollSeconds: 0.2 })

  /** Answers questions as the device would; `answer` gives the frame or nothing. */
  function device(wire: Cable, answer: (register: number) => Uint8Array | undefined): void {
    let isOver = false
    endings.push(() => {
      isOver = true
    })
    const serve = async () => {
      while (!isOver) {
        const question = await wire.heardBySensor()
        const frame = answer(question[3]!)
        if (frame) await wire.send(frame)
      }
    }
    serve().catch(() => {})
  }

  it('is asked for its registers in turn and up while it answers', async () => {
    const wire = await cable()
    const totals = [100, 200]
    device(wire, (register) => modbusResponse([totals[register]!]))
    const { readings, states } = await hear({ ...settings, port: wire.box })
    await until(() => states().length === 1, 'up')
    totals[0]! += 2
    totals[1]! += 1
    await until(() => peopleIn(readings).out === 1 && peopleIn(readings).in === 2, 'the people')
    expect(states()).toEqual(['up'])
  })

  it('is down when it stops answering, and misses nobody when it answers again', async () => {
    const wire = await cable()
    const totals = [100, 200]
    let isAnswering = true
    device(wire, (register) => (isAnswering ? modbusResponse([totals[register]!]) : undefined))
    const { driver, readings, states } = await hear({ ...settings, port: wire.box }, scaledClock(0, 4))
    await until(() => states().length === 1, 'up')
    isAnswering = false
    await until(() => states().length === 2, 'down')
    expect(driver.health().reason).toMatch(/^stairs does not answer/)
    totals[0]! += 7
    isAnswering = true
    await until(() => states().length === 3, 'up again', 30_000)
    await until(() => peopleIn(readings).in === 7, 'the people')
  })

  it('is down while it refuses one of its registers', async () => {
    const wire = await cable()
    device(wire, (register) => (register === 0 ? modbusResponse([5]) : modbusException(2)))
    const { driver, states } = await hear({ ...settings, port: wire.box }, scaledClock(0, 4))
    await until(() => states().length === 1, 'down')
    expect(states()).toEqual(['down'])
    expect(driver.health().reason).toBe(
      'stairs refuses a register with Modbus exception 2: correct fc, addr and words in its registers.',
    )
  })
})
