import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildGpioSysfs, canFakeSysfs, FakeSysfs, type NodeProcess } from '../support/gpio/fake-sysfs.ts'
import { missing } from '../support/need.ts'

const settings = { id: 'door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27', broken: 'high' }
const onoff = { ...settings, driver: 'onoff' }
const pi4 = ['512:58:pinctrl-bcm2711', '570:8:raspberrypi-exp-gpio']
// A Pi 5 with Linux 6.12: the chip at 512 drives power and SD card.
const pi5 = ['512:15:gpio-brcmstb@107d517c00', '527:6:gpio-brcmstb@107d517c20', '569:54:pinctrl-rp1']

async function isEpollBuilt(): Promise<boolean> {
  const { Gpio } = await import('onoff').catch(() => ({ Gpio: undefined }))
  return Gpio !== undefined || missing('the native part of onoff (g++)')
}

describe.skipIf(!canFakeSysfs() || !(await isEpollBuilt()))('beams through the real onoff', () => {
  let built: ReturnType<typeof buildGpioSysfs>
  const open: FakeSysfs[] = []

  beforeAll(() => {
    built = buildGpioSysfs()
  })
  afterEach(async () => {
    for (const sysfs of open.splice(0)) await sysfs.close()
  })
  afterAll(() => built.remove())

  async function sysfsWith(chips: readonly string[]): Promise<FakeSysfs> {
    const sysfs = new FakeSysfs(built.program, chips)
    open.push(sysfs)
    await sysfs.command('exported')
    return sysfs
  }

  async function expectUp(driver: NodeProcess, outer: 0 | 1, inner: 0 | 1): Promise<void> {
    expect(await driver.reading()).toMatchObject({ kind: 'state', sensor: 'door', state: 'up' })
    expect(await driver.reading()).toMatchObject({ kind: 'edge', sensor: 'door', line: 'outer', level: outer })
    expect(await driver.reading()).toMatchObject({ kind: 'edge', sensor: 'door', line: 'inner', level: inner })
  }

  it('hears 100 edges in order', async () => {
    const sysfs = await sysfsWith(pi4)
    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)
    const walk = [
      { line: 'outer', number: 529, level: 1 },
      { line: 'inner', number: 539, level: 1 },
      { line: 'outer', number: 529, level: 0 },
      { line: 'inner', number: 539, level: 0 },
    ]

    let last = 0
    for (let step = 0; step < 100; step++) {
      const { line, number, level } = walk[step % 4]!
      await sysfs.command(`set ${number} ${level}`)
      const heard = await driver.reading()
      expect(heard).toMatchObject({ kind: 'edge', line, level })
      expect(heard.at).toBeGreaterThan(last)
      last = heard.at
    }
  })

  it.each([
    ['a Pi 5, past the chips that switch its power', pi5, [586, 596]],
    ['a Pi 4 before Linux 6.6, where numbers began at 0', ['0:58:pinctrl-bcm2711'], [17, 27]],
    ['a Pi 3', ['512:54:pinctrl-bcm2835', '566:8:raspberrypi-exp-gpio'], [529, 539]],
  ])('finds the header of %s', async (_, chips, numbers) => {
    const sysfs = await sysfsWith(chips)
    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)
    expect(await sysfs.exported()).toEqual(numbers)

    await sysfs.command(`set ${numbers[1]} 1`)
    expect(await driver.reading()).toMatchObject({ line: 'inner', level: 1 })
  })

  it('ends at the true level after a storm of edges that melt together', async () => {
    const sysfs = await sysfsWith(pi4)
    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)
    for (let toggle = 1; toggle <= 301; toggle++) await sysfs.command(`set 529 ${toggle % 2}`)
    await sysfs.command('set 539 1')
    await driver.output.until((line) => JSON.parse(line).line === 'inner')

    const outer = driver.output.seen.map((line) => JSON.parse(line)).filter((heard) => heard.line === 'outer')
    expect(outer.at(-1)).toMatchObject({ level: 1 })
    expect(outer.every((heard, index) => heard.level === index % 2)).toBe(true)
  })

  it('begins with the levels the lines have, and takes `broken: low` the other way round', async () => {
    const sysfs = await sysfsWith(pi4)
    await sysfs.command('set 529 1')
    const driver = sysfs.runDriver({ ...onoff, broken: 'low' })
    await expectUp(driver, 0, 1)

    await sysfs.command('set 529 0')
    expect(await driver.reading()).toMatchObject({ line: 'outer', level: 1 })
  })

  it('takes onoff by itself where gpiomon sees no chip', async () => {
    const sysfs = await sysfsWith(pi4)
    const driver = sysfs.runDriver({ ...settings, driver: 'auto' })
    await expectUp(driver, 0, 0)
  })

  it('refuses with the list of chips when none drives a header, and exports nothing', async () => {
    const sysfs = await sysfsWith(['512:32:gpio-brcmstb@107d517c00', '544:8:pca9554'])
    const driver = sysfs.runDriver(onoff)
    const reason = await driver.state('down')
    expect(reason).toContain('gpiochip512 (gpio-brcmstb@107d517c00), gpiochip544 (pca9554)')
    expect(await sysfs.exported()).toEqual([])
  })

  it('stands before a kernel that refuses raw line numbers, as since Linux 6.6', async () => {
    const sysfs = await sysfsWith(pi4)
    const onoffPath = createRequire(import.meta.url).resolve('onoff')
    const script = `new (require(${JSON.stringify(onoffPath)}).Gpio)(17, 'in', 'both')`
    const raw = sysfs.run('-e', `try { ${script} } catch (error) { console.log(error.code) }`)
    expect(await raw.output.next()).toBe('EINVAL')
  })

  it('says which line is taken, lets go of the other, and comes up once it is free', async () => {
    const sysfs = await sysfsWith(pi4)
    await sysfs.command('busy 539 1')
    const driver = sysfs.runDriver(onoff)
    expect(await driver.state('down')).toBe(
      'A GPIO line is held by another program. It is GPIO27. Stop the other program, or name another line.',
    )
    expect(await sysfs.exported()).toEqual([])

    await sysfs.command('busy 539 0')
    await driver.state('up')
  })

  it('survives a chip that goes away: down with a reason, nothing kept, no busy loop', async () => {
    const sysfs = await sysfsWith(pi4)
    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)

    await sysfs.command('vanish')
    expect(await driver.state('down')).toContain('A GPIO line stopped answering.')
    await driver.cpuMs()
    // The next attempt comes a second later; epoll would have burnt all of it.
    expect(await driver.state('down')).toContain('The GPIO chip of the pin header was not found.')
    expect(await driver.cpuMs()).toBeLessThan(500)
    driver.say('health')
    expect(await driver.answer()).toMatchObject({ health: { state: 'down', dropped: 0 } })
    expect(driver.complaint).toBe('')
  })

  it('survives a sysfs that dies without a sound', async () => {
    const sysfs = await sysfsWith(pi4)
    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)

    sysfs.kill()
    expect(await driver.state('down')).not.toBe('')
    expect(driver.complaint).toBe('')
  })

  it('gives its lines back when closed, any number of times, and keeps no process alive', async () => {
    const sysfs = await sysfsWith(pi4)
    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)

    driver.say('close')
    expect(await driver.answer()).toEqual({ closed: true })
    expect(await sysfs.exported()).toEqual([])
    expect(await driver.exited).toBe(0)
  })

  it('takes over the lines that a killed gateway left exported', async () => {
    const sysfs = await sysfsWith(pi4)
    const killed = sysfs.runDriver(onoff)
    await expectUp(killed, 0, 0)
    killed.child.kill('SIGKILL')
    await killed.exited
    expect(await sysfs.exported()).toEqual([529, 539])

    const driver = sysfs.runDriver(onoff)
    await expectUp(driver, 0, 0)
    await sysfs.command('set 529 1')
    expect(await driver.reading()).toMatchObject({ line: 'outer', level: 1 })
  })
})
