"""The test's side: one JSON object a line in, one line back with its id."""
import json
import os
import random
import sys
import time

from advert import Advert
from gi.repository import GLib

CHUNK = 200
FOREVER = float('inf')


def say(answer):
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()


def advert_of(command):
    rssi = command.get('rssi')
    address = command['address'].upper()
    return Advert(address, command.get('type', 'random'), rssi, bytes.fromhex(command.get('data', '')))


class Rotation:
    """Adverts of invented resolvable private addresses: the same seed, the same addresses. Later rounds go over the same
    pool again, each with a payload of its own, so that every one is news."""

    def __init__(self, adapter, command, bus, done):
        self.adapter = adapter
        self.bus = bus
        self.done = done
        self.count = command['count']
        self.pool = command.get('addresses') or self.count
        self.rate = command.get('perSecond', 0)
        self.company = command.get('company', 0x004C)
        self.rssi = command.get('rssi', -70)
        self.seed = command.get('seed', 1)
        self.sent = 0
        self.started = time.monotonic()
        self.signals = bus.signals
        if self.rate:
            GLib.timeout_add(10, self.step)
        else:
            GLib.idle_add(self.step)

    def address(self, index):
        chance = random.Random(self.seed * 1_000_003 + index)
        octets = [0x40 | chance.randrange(64)] + [chance.randrange(256) for _ in range(5)]
        return ':'.join(f'{octet:02X}' for octet in octets)

    def due(self):
        if not self.rate:
            return CHUNK
        return int((time.monotonic() - self.started) * self.rate) - self.sent

    def step(self):
        for _ in range(min(self.due(), self.count - self.sent)):
            body = self.company.to_bytes(2, 'little') + b'\x10\x06' + self.sent.to_bytes(4, 'big')
            data = b'\x02\x01\x1a' + bytes([len(body) + 1, 0xFF]) + body
            self.adapter.hear(Advert(self.address(self.sent % self.pool), 'random', self.rssi, data))
            self.sent += 1
        # Nothing may pile up in our memory: a slow bus slows us.
        self.bus.connection.flush()
        if self.sent < self.count:
            return True
        seconds = time.monotonic() - self.started
        self.done({'adverts': self.sent, 'signals': self.bus.signals - self.signals, 'seconds': seconds})
        return False


class Control:
    def __init__(self, service, bus):
        self.service = service
        self.bus = bus
        self.rest = b''
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.read)

    def read(self, descriptor, condition):
        got = os.read(descriptor, 1 << 20)
        if not got:
            self.service.quit()
            return False
        *lines, self.rest = (self.rest + got).split(b'\n')
        for line in lines:
            self.obey(json.loads(line))
        return True

    def obey(self, command):
        def answer(more=None):
            say({'id': command.get('id'), **(more or {})})
        try:
            more = getattr(self, 'do_' + command['do'])(command, answer)
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            answer({'error': f'{type(error).__name__}: {error}'})
            return
        if more is not False:
            answer(more)

    def adapter(self, command):
        return self.service.adapters[command.get('adapter', 'hci0')]

    def do_advert(self, command, answer):
        self.adapter(command).hear(advert_of(command))

    def do_adverts(self, command, answer):
        for each in command['list']:
            self.do_advert(each, answer)

    def do_rotate(self, command, answer):
        Rotation(self.adapter(command), command, self.bus, answer)
        return False

    def do_power(self, command, answer):
        adapter = self.adapter(command)
        adapter.is_blocked = not command['on'] and command.get('rfkill', False)
        adapter.power(command['on'])

    def do_unplug(self, command, answer):
        self.service.unplug(command.get('adapter', 'hci0'))

    def do_plug(self, command, answer):
        self.service.plug(command.get('adapter', 'hci0'))

    def do_fail(self, command, answer):
        self.bus.refusals[command['member']] = {
            'error': command['error'],
            'text': command.get('text', 'Refused on command'),
            'times': command.get('times', FOREVER),
        }

    def do_hang(self, command, answer):
        self.bus.silences[command['member']] = command.get('times', FOREVER)

    def do_heal(self, command, answer):
        self.bus.refusals.clear()
        self.bus.silences.clear()

    def do_mute(self, command, answer):
        self.adapter(command).is_deaf = True

    def do_unmute(self, command, answer):
        self.adapter(command).is_deaf = False

    def do_unmuteOn(self, command, answer):
        if command['member'] not in ('StartDiscovery', 'RegisterMonitor', 'Powered', 'reset'):
            raise ValueError('unmuteOn: no such member')
        self.service.cures[self.adapter(command).path] = command['member']

    def do_brokenPatterns(self, command, answer):
        self.adapter(command).monitors.are_broken = command.get('on', True)

    def do_log(self, command, answer):
        return {'calls': self.bus.calls, 'signals': self.bus.signals}

    def do_state(self, command, answer):
        return self.service.state()

    def do_quit(self, command, answer):
        answer()
        self.service.quit()
        return False
