import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type ClockEvidence, readClockEvidence } from '../../src/base/clock-evidence.ts'
import { isChronySynchronised, judgeClock, watchClockTrust } from '../../src/base/clock-trust.ts'

const now = Date.UTC(2026, 10, 22, 9)
const hour = 3_600_000
const nothing: ClockEvidence = { isMarkedSynchronised: false, isKernelSynchronised: false, chrony: '', hardware: [] }
const tracking =
  'C0A80001,192.168.0.1,3,1763800000.1,-0.000012,0.00001,0.0001,-12.3,0.001,0.02,0.001,0.0005,64.2,Normal'

function hardwareAt(time: number, setSystemTime = true): ClockEvidence {
  return { ...nothing, hardware: [{ name: 'rtc0', seconds: time / 1000, setSystemTime }] }
}

describe('judging the clock', () => {
  it('trusts a clock that a time service has set', () => {
    expect(judgeClock({ ...nothing, isMarkedSynchronised: true }, 0, now).isTrusted).toBe(true)
    expect(judgeClock({ ...nothing, isKernelSynchronised: true }, 0, now).isTrusted).toBe(true)
    expect(judgeClock({ ...nothing, chrony: tracking }, 0, now)).toEqual({
      isTrusted: true,
      why: 'chrony keeps the clock.',
    })
  })

  it('trusts a hardware clock that is not older than the last commit', () => {
    expect(judgeClock(hardwareAt(now), now - hour, now)).toEqual({
      isTrusted: true,
      why: 'The hardware clock rtc0 has set the clock.',
    })
    expect(judgeClock(hardwareAt(now), 0, now).isTrusted).toBe(true)
  })

  it.each([
    ['is behind the last commit', hardwareAt(now), now + hour, now, 'behind'],
    ['was never set', hardwareAt(0), 0, 0, 'never set'],
    ['has no battery and begins at 2000', hardwareAt(Date.UTC(2000, 0, 1)), 0, Date.UTC(2000, 0, 1), 'never set'],
    ['was not what the system started from', hardwareAt(now, false), 0, now, 'no hardware clock'],
    ['differs from the system clock', hardwareAt(now), 0, now - hour, 'another time'],
    ['is years ahead of the last commit', hardwareAt(now + 9e11), now, now + 9e11, 'years ahead'],
  ])('distrusts a hardware clock that %s', (_, evidence, lastCommit, time, word) => {
    const verdict = judgeClock(evidence, lastCommit, time)
    expect(verdict.isTrusted).toBe(false)
    expect(verdict.why).toContain(word)
  })

  it('distrusts a machine that knows nothing, as one with fake-hwclock', () => {
    expect(judgeClock(nothing, 0, now)).toEqual({
      isTrusted: false,
      why: 'No time server was reached yet, and there is no hardware clock.',
    })
  })

  it('believes chrony only when it follows another clock than its own', () => {
    expect(isChronySynchronised(tracking)).toBe(true)
    expect(isChronySynchronised(tracking.replace('Normal', 'Insert second'))).toBe(true)
    expect(isChronySynchronised(tracking.replace('Normal', 'Not synchronised'))).toBe(false)
    expect(isChronySynchronised(tracking.replace('C0A80001', '7F7F0101'))).toBe(false)
    for (const text of ['', 'Normal', '506 Cannot talk to daemon']) expect(isChronySynchronised(text)).toBe(false)
  })
})

describe('watching the clock', () => {
  const parts = { setting: 'auto', lastCommit: () => 0, now: () => now } as const

  it('looks every 10 seconds until it is trusted, and then no more', async () => {
    const waits: number[] = []
    let wake = () => {}
    const after = (ms: number, callback: () => void) => {
      waits.push(ms)
      wake = callback
      return () => {}
    }
    let evidence = nothing
    const trust = watchClockTrust({ ...parts, after, read: async () => evidence })
    expect(trust.isTrusted()).toBe(false)
    await trust.looked
    wake()
    await expect.poll(() => waits).toEqual([10_000, 10_000])
    expect(trust.isTrusted()).toBe(false)

    evidence = { ...nothing, isMarkedSynchronised: true }
    wake()
    await expect.poll(() => trust.isTrusted()).toBe(true)
    expect(trust.why()).toBe('systemd-timesyncd has set the clock.')
    expect(waits).toHaveLength(2)
  })

  it('takes a look that fails for not knowing', async () => {
    const trust = watchClockTrust({ ...parts, after: () => () => {}, read: () => Promise.reject(new Error('no')) })
    await trust.looked
    expect(trust.isTrusted()).toBe(false)
  })

  it('asks nobody when the owner says that the clock is right', () => {
    const read = () => expect.unreachable()
    const trust = watchClockTrust({ ...parts, setting: 'trusted', read })
    expect(trust.isTrusted()).toBe(true)
  })

  it('stops looking when closed', async () => {
    const cancelled: string[] = []
    const trust = watchClockTrust({ ...parts, after: () => () => cancelled.push('yes'), read: async () => nothing })
    await trust.looked
    trust.close()
    expect(cancelled).toEqual(['yes'])
  })
})

describe('what the machine knows of its clock', () => {
  const folders: string[] = []
  const path = process.env.PATH
  afterEach(() => {
    process.env.PATH = path
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  function emptyFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-clock-'))
    folders.push(folder)
    return folder
  }

  it('is asked of this machine without an error', async () => {
    const evidence = await readClockEvidence()
    expect(Object.keys(evidence).sort()).toEqual(['chrony', 'hardware', 'isKernelSynchronised', 'isMarkedSynchronised'])
  })

  it('is read from the mark of timesyncd and from clocks in sysfs, broken ones left out', async () => {
    const folder = emptyFolder()
    const files = { rtc0: ['1795338000\n', '1\n'], rtc1: ['946684800\n', '0\n'] }
    for (const [name, [seconds, hctosys]] of Object.entries(files)) {
      mkdirSync(join(folder, 'rtc', name), { recursive: true })
      writeFileSync(join(folder, 'rtc', name, 'since_epoch'), seconds!)
      writeFileSync(join(folder, 'rtc', name, 'hctosys'), hctosys!)
    }
    mkdirSync(join(folder, 'rtc', 'rtc2'))
    writeFileSync(join(folder, 'synchronized'), '')
    const places = { mark: join(folder, 'synchronized'), hardware: join(folder, 'rtc') }
    expect(await readClockEvidence(places)).toMatchObject({
      isMarkedSynchronised: true,
      hardware: [
        { name: 'rtc0', seconds: 1_795_338_000, setSystemTime: true },
        { name: 'rtc1', seconds: 946_684_800, setSystemTime: false },
      ],
    })
  })

  it('comes from timedatectl and chronyc where they answer, and is unknown where they are missing', async () => {
    const folder = emptyFolder()
    const places = { mark: join(folder, 'none'), hardware: join(folder, 'none') }
    process.env.PATH = folder
    expect(await readClockEvidence(places)).toEqual(nothing)

    writeFileSync(join(folder, 'timedatectl'), '#!/bin/sh\necho yes\n', { mode: 0o755 })
    writeFileSync(join(folder, 'chronyc'), `#!/bin/sh\necho '${tracking}'\n`, { mode: 0o755 })
    expect(await readClockEvidence(places)).toEqual({
      ...nothing,
      isKernelSynchronised: true,
      chrony: `${tracking}\n`,
    })
  })
})
