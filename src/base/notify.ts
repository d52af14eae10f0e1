import { execFile } from 'node:child_process'

/** Tells systemd how the service fares. Does nothing where systemd did not ask (no NOTIFY_SOCKET). Never throws. */
export interface Notifier {
  ready(): void
  /** Still alive. May be called as often as one likes: it passes on what the unit's WatchdogSec needs. */
  watchdog(): void
  /** One line for `systemctl status`. */
  status(text: string): void
  stopping(): void
}

/** The variables of sd_notify(3) and sd_watchdog_enabled(3). */
export interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined
  readonly WATCHDOG_USEC?: string | undefined
}

/**
 * Node has no datagram sockets of the unix kind, so systemd-notify speaks for us; the unit needs NotifyAccess=all.
 * @param now monotonic ms
 */
export function createNotifier(environment: NotifyEnvironment = process.env, now = () => performance.now()): Notifier {
  if (!environment.NOTIFY_SOCKET) return silent
  // sd_watchdog_enabled(3) advises half the time; a third leaves room for one that comes late.
  const period = Number(environment.WATCHDOG_USEC) / 1000 / 3
  let fed = Number.NEGATIVE_INFINITY

  return {
    ready: () => send('--ready'),
    watchdog() {
      if (!(period > 0) || now() - fed < period) return
      fed = now()
      send('WATCHDOG=1')
    },
    status: (text) => send(`--status=${text}`),
    stopping: () => send('STOPPING=1'),
  }
}

const silent: Notifier = { ready() {}, watchdog() {}, status() {}, stopping() {} }

function send(message: string): void {
  // Without it the service still works; systemd will say that it heard nothing.
  execFile('systemd-notify', [`--pid=${process.pid}`, message], { timeout: 5000 }, () => {})
}
