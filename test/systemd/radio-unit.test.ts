import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { missing, need } from '../support/need.ts'

const script = fileURLToPath(new URL('../../systemd/drempel-radio', import.meta.url))

/** The script in a mount namespace of its own, where /run, /sys/class and /var/lib are made up. */
function inOwnWorld(prepare: string, verb: string, look: string) {
  const world = `set -e
    mount --make-rprivate /
    mount -t tmpfs none /run; mount -t tmpfs none /sys/class; mount -t tmpfs none /var/lib
    mkdir -p /run/drempel /sys/class/bluetooth /var/lib/bluetooth
    ${prepare}
    set +e; "${script}" ${verb} </dev/null; echo "code $?"; ${look}`
  const run = spawnSync('unshare', ['-m', 'sh', '-c', world], { encoding: 'utf8' })
  return `${run.stdout}${run.stderr}`.trim().split('\n')
}

const canUnshare =
  need('unshare') && (spawnSync('unshare', ['-m', 'true']).status === 0 || missing('the right to unshare mounts'))

const usb = `mkdir -p /run/usb/interface /sys/class/bluetooth/hci0; echo 1 >/run/usb/authorized
  ln -s /run/usb/interface /sys/class/bluetooth/hci0/device`
const uart = `mkdir -p /run/uart/driver /run/uart/serial0 /sys/class/bluetooth/hci1
  ln -s /run/uart/driver /run/uart/serial0/driver; : >/run/uart/driver/unbind; : >/run/uart/driver/bind
  ln -s /run/uart/serial0 /sys/class/bluetooth/hci1/device`

describe.skipIf(!canUnshare)('what root does for the radio', () => {
  it('takes the adapter that was asked for off its USB port and back, once a day', () => {
    const ask = 'printf hci0 >/run/drempel/radio-reset'
    const again = `${ask}; "${script}" reset; cat /run/usb/authorized; ls /run/drempel`
    expect(inOwnWorld(`${usb}; ${ask}`, 'reset', again)).toEqual([
      'hci0 was reset',
      'code 0',
      'hci0 was reset within a day: not again',
      '1',
    ])
  })

  it('unbinds and binds the driver of an adapter that is on no USB port', () => {
    const look = 'cat /run/uart/driver/unbind /run/uart/driver/bind'
    const said = inOwnWorld(`${uart}; printf 'hci1\\n' >/run/drempel/radio-reset`, 'reset', look)
    expect(said).toEqual(['hci1 was reset', 'code 0', 'serial0', 'serial0'])
  })

  it.each(["printf '../../etc' >", "printf 'hci0; reboot' >", 'printf hci123 >', 'ln -s /etc/hostname'])(
    'does nothing for a request that names no adapter: %s',
    (write) => {
      const said = inOwnWorld(`${usb}; ${write} /run/drempel/radio-reset`, 'reset', 'cat /run/usb/authorized')
      expect(said).not.toContain('hci0 was reset')
      expect(said.at(-1)).toBe('1')
    },
  )

  it('does nothing when nothing was asked for', () => {
    expect(inOwnWorld(usb, 'reset', 'cat /run/usb/authorized')).toEqual(['code 0', '1'])
  })

  it('removes what BlueZ noted of devices it merely heard, and no pairing', () => {
    const adapter = '/var/lib/bluetooth/00:11:22:33:44:55'
    const notes = `mkdir -p ${adapter}/cache "${adapter}/AA:BB:CC:DD:EE:FF"
      touch ${adapter}/cache/4A:00:00:00:00:01 ${adapter}/settings "${adapter}/AA:BB:CC:DD:EE:FF/info"`
    const left = inOwnWorld(notes, 'purge', 'find /var/lib/bluetooth -type f | sort')
    expect(left).toEqual(['code 0', `${adapter}/AA:BB:CC:DD:EE:FF/info`, `${adapter}/settings`])
  })

  it('knows no other verb', () => {
    expect(inOwnWorld(usb, 'reboot', 'true')).toContain('code 2')
  })
})
