import { describe, expect, it } from 'vitest'
import { createCalendar, intervalsOf, nextDay } from '../../src/privacy/calendar.ts'

const at = (text: string) => Date.parse(text)
const iso = (time: number) => new Date(time).toISOString()

describe('slots of a day', () => {
  it('cover the opening hours, widened to whole windows, aligned to the hour of the store', () => {
    const slots = createCalendar('Europe/Amsterdam', '09:10-17:50', 900).slotsOf('2026-11-23')
    expect(iso(slots[0]!.start)).toBe('2026-11-23T08:00:00.000Z')
    expect(iso(slots.at(-1)!.end)).toBe('2026-11-23T17:00:00.000Z')
    expect(slots).toHaveLength(36)
  })

  it('do not repeat where two widened intervals overlap', () => {
    const slots = createCalendar('UTC', '09:00-12:20,12:25-13:00', 900).slotsOf('2026-11-23')
    expect(slots).toHaveLength(16)
    expect(new Set(slots.map((slot) => slot.start)).size).toBe(16)
  })

  it('are none on a closed day, and a day that is not named is closed', () => {
    const calendar = createCalendar('UTC', { 'mo-fr': '09:00-18:00', '2026-12-25': 'closed' }, 3600)
    expect(calendar.slotsOf('2026-12-25')).toEqual([])
    expect(calendar.slotsOf('2026-11-22')).toEqual([])
    expect(calendar.slotsOf('2026-11-23')).toHaveLength(9)
  })

  it('let a date win over a weekday and a weekday over a range, whatever the order', () => {
    const opening = { 'mo-fr': '09:00-18:00', th: '09:00-21:00', '2026-11-26': '10:00-12:00' }
    expect(intervalsOf(opening, '2026-11-25')).toEqual([[540, 1080]])
    expect(intervalsOf(opening, '2026-11-19')).toEqual([[540, 1260]])
    expect(intervalsOf(opening, '2026-11-26')).toEqual([[600, 720]])
  })

  it('take a range that wraps round the week', () => {
    expect(intervalsOf({ 'sa-mo': '10:00-12:00' }, '2026-11-22')).toEqual([[600, 720]])
    expect(intervalsOf({ 'sa-mo': '10:00-12:00' }, '2026-11-24')).toEqual([])
  })
})

describe('summer time', () => {
  it.each([
    ['Europe/Amsterdam', '2026-03-29', 23],
    ['Europe/Amsterdam', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['Europe/Amsterdam', '2026-11-23', 24],
    ['Asia/Kathmandu', '2026-11-23', 24],
  ])('%s %s has %d hours and as many slots', (timezone, day, hours) => {
    const calendar = createCalendar(timezone, '00:00-24:00', 900)
    const window = calendar.dayWindow(day)
    expect((window.end - window.start) / 3_600_000).toBe(hours)
    const slots = calendar.slotsOf(day)
    expect(slots).toHaveLength(hours * 4)
    expect(slots[0]!.start).toBe(window.start)
    expect(slots.at(-1)!.end).toBe(window.end)
    for (const slot of slots) expect(calendar.dayOf(slot.start)).toBe(day)
  })

  it('keeps shop hours on the local clock on both sides of the change', () => {
    const calendar = createCalendar('Europe/Amsterdam', '09:00-18:00', 1800)
    expect(iso(calendar.slotsOf('2026-03-28')[0]!.start)).toBe('2026-03-28T08:00:00.000Z')
    expect(iso(calendar.slotsOf('2026-03-29')[0]!.start)).toBe('2026-03-29T07:00:00.000Z')
  })

  it('handles a time that does not exist and one that happens twice', () => {
    const calendar = createCalendar('Europe/Amsterdam', '02:30-03:30', 1800)
    expect(calendar.slotsOf('2026-03-29').map((slot) => iso(slot.start))).toEqual(['2026-03-29T01:00:00.000Z'])
    expect(calendar.slotsOf('2026-10-25').map((slot) => iso(slot.start))).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ])
  })

  it('never has more slots than the most it states, in any zone on any day of a year', () => {
    for (const timezone of ['Europe/Amsterdam', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC']) {
      const calendar = createCalendar(timezone, '00:00-24:00', 1800)
      let before = calendar.dayWindow('2025-12-31').end
      for (let day = '2026-01-01'; day < '2027-01-01'; day = nextDay(day)) {
        const slots = calendar.slotsOf(day)
        expect(slots.length).toBeLessThanOrEqual(calendar.mostSlots)
        expect(slots[0]!.start).toBe(before)
        before = slots.at(-1)!.end
      }
    }
  })
})

describe('the slot of a moment', () => {
  it('is found by time, from its start up to but not including its end', () => {
    const calendar = createCalendar('Europe/Amsterdam', '09:00-12:00,13:00-18:00', 900)
    expect(calendar.slotAt(at('2026-11-23T08:00:00Z'))?.start).toBe(at('2026-11-23T08:00:00Z'))
    expect(calendar.slotAt(at('2026-11-23T08:14:59.999Z'))?.start).toBe(at('2026-11-23T08:00:00Z'))
    expect(calendar.slotAt(at('2026-11-23T07:59:59Z'))).toBeUndefined()
    expect(calendar.slotAt(at('2026-11-23T11:30:00Z'))).toBeUndefined()
    expect(calendar.slotAt(at('2026-11-23T12:00:00Z'))?.start).toBe(at('2026-11-23T12:00:00Z'))
    expect(calendar.slotAt(at('2026-11-23T17:00:00Z'))).toBeUndefined()
  })
})
