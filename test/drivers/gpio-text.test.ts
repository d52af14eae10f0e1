import { describe, expect, it } from 'vitest'
import { headerChip, parseGpiodetect, readSysfsChips } from '../../src/drivers/gpio/chips.ts'
import { edgeOrder, timeOfStamp } from '../../src/drivers/gpio/edge-order.ts'
import { lineSplitter, parseGeneration, parseGpiomonLine, parseLevels } from '../../src/drivers/gpio/gpiomon-text.ts'
import { trials } from '../support/need.ts'

const offsets = { outer: 17, inner: 27 }

describe('finding the chip of the pin header', () => {
  it('reads the listing of gpiodetect', () => {
    const listing = 'gpiochip0 [pinctrl-bcm2711] (58 lines)\ngpiochip1 [raspberrypi-exp-gpio] (8 lines)\nnonsense\n'
    expect(parseGpiodetect(listing)).toEqual([
      { name: 'gpiochip0', label: 'pinctrl-bcm2711', lines: 58 },
      { name: 'gpiochip1', label: 'raspberrypi-exp-gpio', lines: 8 },
    ])
  })

  it('goes by label, wherever the chip stands in the list', () => {
    const chips = [
      { name: 'gpiochip512', label: 'gpio-brcmstb@107d517c00', lines: 15, base: 512 },
      { name: 'gpiochip569', label: 'pinctrl-rp1', lines: 54, base: 569 },
    ]
    expect(headerChip(chips, offsets).base).toBe(569)
    expect(headerChip(chips.toReversed(), offsets).base).toBe(569)
  })

  it('refuses an empty list, strange chips and lines the chip does not have', () => {
    expect(() => headerChip([], offsets)).toThrow('No chip at all was seen.')
    const chip = { name: 'gpiochip0', label: 'pinctrl-bcm2835', lines: 54 }
    expect(() => headerChip([{ ...chip, label: 'pca9554' }], offsets)).toThrow('Seen: gpiochip0 (pca9554).')
    expect(() => headerChip([chip], { outer: 60, inner: 2 })).toThrow('pinctrl-bcm2835 has no GPIO60.')
  })

  it('sees no chips where there is no sysfs', async () => {
    expect(await readSysfsChips('/nonexistent')).toEqual([])
  })
})

describe('what gpiomon prints', () => {
  it('is told apart by generation', () => {
    expect(parseGeneration('gpiomon (libgpiod) v1.6.3\nCopyright')).toBe(1)
    expect(parseGeneration('gpiomon (libgpiod) v2.2.1')).toBe(2)
    expect(parseGeneration('')).toBe(2)
  })

  it.each([
    ['17 1 1234 567890123', { line: 'outer', level: 1, stamp: 1234567.890123 }],
    ['27 0 1234 5', { line: 'inner', level: 0, stamp: 1234000.000005 }],
    ['17 rising 1234.567890123', { line: 'outer', level: 1, stamp: 1234567.890123 }],
    ['27 falling 1234.000000005', { line: 'inner', level: 0, stamp: 1234000.000005 }],
    ["Monitoring lines '17', and '27'...", 'banner'],
  ])('is understood: %s', (text, expected) => {
    expect(parseGpiomonLine(text, offsets)).toEqual(expected)
  })

  it.each(['', '17 2 1 2', '18 1 1 2', '17 1 1', '17 rising 1', 'event: RISING EDGE offset: 17', '17 1 1 2 3'])(
    'is not taken for an edge: %s',
    (text) => {
      expect(parseGpiomonLine(text, offsets)).toBeUndefined()
    },
  )

  it('gives levels only when there are two', () => {
    expect(parseLevels('1 0\n')).toEqual({ outer: 1, inner: 0 })
    for (const text of ['', '1', '1 2', '"17"=active "27"=inactive', '0 1 1']) expect(parseLevels(text)).toBeUndefined()
  })

  it('never throws and keeps little, whatever bytes come', () => {
    let state = 20261122
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const alphabet = '0123456789 .\nrising'
    let lines = 0
    let longest = 0
    const split = lineSplitter((line) => {
      parseGpiomonLine(line, offsets)
      lines++
      longest = Math.max(longest, line.length)
    })
    for (let chunk = 0; chunk < trials(2_000, 20_000); chunk++) {
      const noise = Array.from({ length: 500 }, () =>
        random(4) ? alphabet[random(alphabet.length)] : String.fromCharCode(random(256)),
      )
      split(noise.join(''))
    }
    expect(lines).toBeGreaterThan(1000)
    expect(longest).toBeLessThanOrEqual(200)
  })

  it('survives a line that never ends, and understands the one after it', () => {
    const heard: string[] = []
    const split = lineSplitter((line) => heard.push(line))
    for (let chunk = 0; chunk < 100; chunk++) split('x'.repeat(150))
    split('\n17 1 2 3\n')
    expect(heard).toEqual(['', '17 1 2 3'])
  })
})

describe('the order of edges', () => {
  it('is that of their times, and nothing leaves before its time', () => {
    const order = edgeOrder()
    order.push({ line: 'inner', level: 1, at: 30 })
    order.push({ line: 'outer', level: 1, at: 10 })
    order.push({ line: 'outer', level: 0, at: 20 })
    expect(order.take(20).map(({ at }) => at)).toEqual([10, 20])
    expect(order.isEmpty).toBe(false)
    expect(order.take(30).map(({ at }) => at)).toEqual([30])
    expect(order.isEmpty).toBe(true)
  })

  it('uses the stamp on the box clock, or the arrival when the stamp cannot be from this clock', () => {
    expect(timeOfStamp(5_000, -4_000, 1_010)).toBe(1_000)
    expect(timeOfStamp(9_000, -4_000, 1_010)).toBe(1_010)
    expect(timeOfStamp(5_000, -4_000, 4_000_000)).toBe(4_000_000)
  })
})
