import { execFile } from 'node:child_process'
import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the machine itself says of its clock, before anybody decides. */
export interface ClockEvidence {
  /** systemd-timesyncd has reached a server since boot. */
  readonly isMarkedSynchronised: boolean
  /**
   * The kernel's own estimate of its error is below 16 s, as adjtimex(2) tells it to timedated. True for every service that
   * disciplines the kernel clock: chrony, ntpd, timesyncd, PTP. Not the flag STA_UNSYNC, which some of them leave set.
   */
  readonly isKernelSynchronised: boolean
  /** `chronyc -c tracking`, or '' where chrony does not run. For systems without timedated. */
  readonly chrony: string
  readonly hardware: readonly HardwareClock[]
}

export interface HardwareClock {
  readonly name: string
  /** Seconds since 1970 that it shows; it is taken to run in UTC. */
  readonly seconds: number
  /** The kernel took its time from this clock at boot. fake-hwclock, a saved file, never appears here. */
  readonly setSystemTime: boolean
}

/** Where to look; another root in tests. */
export interface EvidencePlaces {
  readonly mark: string
  readonly hardware: string
}

const usualPlaces: EvidencePlaces = { mark: '/run/systemd/timesync/synchronized', hardware: '/sys/class/rtc' }

/** Gathers it without blocking, in at most five seconds. What cannot be asked counts as unknown; never throws. */
export async function readClockEvidence(places: EvidencePlaces = usualPlaces): Promise<ClockEvidence> {
  const [isMarkedSynchronised, kernel, chrony, hardware] = await Promise.all([
    exists(places.mark),
    ask('timedatectl', ['show', '--property=NTPSynchronized', '--value']),
    ask('chronyc', ['-n', '-c', 'tracking']),
    readHardwareClocks(places.hardware),
  ])
  return { isMarkedSynchronised, isKernelSynchronised: kernel.trim() === 'yes', chrony, hardware }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function readHardwareClocks(folder: string): Promise<HardwareClock[]> {
  const names = await readdir(folder).catch(() => [])
  const clocks = await Promise.all(names.map((name) => readHardwareClock(folder, name)))
  return clocks.filter((clock) => clock !== undefined)
}

/** A clock that lost its power answers with an error and is left out. */
async function readHardwareClock(folder: string, name: string): Promise<HardwareClock | undefined> {
  const attribute = async (file: string) => (await readFile(join(folder, name, file), 'latin1')).trim()
  try {
    const [seconds, hctosys] = await Promise.all([attribute('since_epoch'), attribute('hctosys')])
    return { name, seconds: Number(seconds), setSystemTime: hctosys === '1' }
  } catch {
    return undefined
  }
}

/** What a program printed; '' when it is missing, fails or takes too long. */
function ask(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 5000, maxBuffer: 4096 }, (error, stdout) => resolve(error ? '' : stdout))
  })
}
