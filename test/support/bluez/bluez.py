#!/usr/bin/python3
"""A service that behaves on the bus as BlueZ 5.66 does. The adverts come from a test instead of from the air.

Usage: bluez.py --address unix:path=... [--experimental] [--adapters hci0,hci1] [...]; commands: control.py.
"""
import argparse
import time

from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

DBusGMainLoop(set_as_default=True)

from adapter import Adapter  # noqa: E402: the main loop must be there before any connection
from bus import Bus, BluezError, Thing  # noqa: E402
from control import Control, say  # noqa: E402

SWEEP_MS = 100


class Daemon(Thing):
    """/org/bluez: what it offers is not needed by a listener, but clients look for it in the introspection."""
    interfaces = {
        'org.bluez.AgentManager1': {'methods': {
            'RegisterAgent': ('os', ''), 'UnregisterAgent': ('o', ''), 'RequestDefaultAgent': ('o', ''),
        }},
        'org.bluez.ProfileManager1': {'methods': {'RegisterProfile': ('osa{sv}', ''), 'UnregisterProfile': ('o', '')}},
    }

    def __init__(self):
        super().__init__('/org/bluez')
        self.agents = {}
        self.profiles = {}

    def _add(self, registry, message, path):
        key = str(message.get_sender()), str(path)
        if key in registry:
            raise BluezError('AlreadyExists', 'Already Exists')
        registry[key] = True

    def _take_away(self, registry, message, path):
        if registry.pop((str(message.get_sender()), str(path)), None) is None:
            raise BluezError('DoesNotExist', 'Does Not Exist')

    def RegisterAgent(self, message, path, capability):
        self._add(self.agents, message, path)

    def UnregisterAgent(self, message, path):
        self._take_away(self.agents, message, path)

    def RequestDefaultAgent(self, message, path):
        if (str(message.get_sender()), str(path)) not in self.agents:
            raise BluezError('DoesNotExist', 'Does Not Exist')

    def RegisterProfile(self, message, path, uuid, options):
        self._add(self.profiles, message, path)

    def UnregisterProfile(self, message, path):
        self._take_away(self.profiles, message, path)

    def leave(self, client):
        for registry in (self.agents, self.profiles):
            for key in [key for key in registry if key[0] == client]:
                del registry[key]


class Service:
    def __init__(self, options):
        self.options = options
        self.loop = GLib.MainLoop()
        self.adapters = {}
        self.cures = {}
        self.was_off = set()
        self.unplugged_deaf = set()
        self.bus = Bus(options.address, self.quit)
        self.bus.after = self._called
        self.daemon = Daemon()
        self.bus.on_leave(self._left)
        self.bus.own('org.bluez')
        self.bus.add(self.daemon)

    def run(self):
        Control(self, self.bus)
        GLib.timeout_add(SWEEP_MS, self._sweep)
        # As in bluetoothd: the name comes first, the adapters when the kernel has told of them.
        GLib.timeout_add(self.options.adapters_after_ms, self._plug_all)
        self.loop.run()

    def _plug_all(self):
        for name in self.options.adapters:
            self.plug(name)
        say({'ready': True})
        return False

    def plug(self, name):
        """An adapter comes. If it was deaf it still is, unless a reset was to cure it."""
        if name in self.adapters:
            raise ValueError('it is plugged in')
        address = f'00:1A:7D:DA:71:{int(name.removeprefix("hci")):02X}'
        adapter = self.adapters[name] = Adapter(self.bus, name, address, self.options)
        is_cured = self.cures.get(adapter.path) == 'reset' and self.cures.pop(adapter.path)
        adapter.is_deaf = name in self.unplugged_deaf and not is_cured
        self.unplugged_deaf.discard(name)
        self.bus.add(adapter)

    def unplug(self, name):
        adapter = self.adapters.pop(name)
        if adapter.is_deaf:
            self.unplugged_deaf.add(name)
        adapter.unplug()

    def quit(self):
        self.loop.quit()

    def _sweep(self):
        now = time.monotonic()
        for adapter in self.adapters.values():
            adapter.expire(now)
        return True

    def _left(self, client):
        self.daemon.leave(client)
        for adapter in self.adapters.values():
            adapter.leave(client)

    def _called(self, member, message):
        """Ends deafness when the call came that cures it."""
        path = str(message.get_path())
        if member == 'Powered':
            is_on = bool(message.get_args_list()[2])
            member = 'reset' if is_on and path in self.was_off else 'Powered' if is_on else ''
            (self.was_off.discard if is_on else self.was_off.add)(path)
        cure = self.cures.get(path)
        if cure and (cure == member or (cure, member) == ('Powered', 'reset')):
            del self.cures[path]
            self.bus.things[path].is_deaf = False

    def state(self):
        return {
            'objects': len(self.bus.things),
            'adapters': {name: adapter_state(adapter) for name, adapter in self.adapters.items()},
        }


def adapter_state(adapter):
    return {
        'powered': adapter.is_powered,
        'deaf': adapter.is_deaf,
        'devices': len(adapter.devices),
        'discovering': adapter.discovery.clients,
        'filters': adapter.discovery.filters,
        'monitors': [
            {'owner': application.owner, 'path': path, 'sampling': monitor['sampling'],
             'patterns': [[offset, kind, wanted.hex()] for offset, kind, wanted in monitor['patterns']]}
            for application, path, monitor in adapter.monitors.active()
        ],
        'advertisements': [
            {'owner': owner, 'path': path, 'properties': shown}
            for (owner, path), shown in adapter.advertising.shown.items()
        ],
        'advertised': adapter.advertising.history,
        'adverts': adapter.counts,
    }


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--address', required=True)
    parser.add_argument('--adapters', default='hci0', type=lambda text: text.split(',') if text else [])
    parser.add_argument('--adapters-after-ms', default=0, type=int)
    parser.add_argument('--powered-off', dest='powered', action='store_false')
    parser.add_argument('--experimental', action='store_true')
    parser.add_argument('--advertising-instances', default=5, type=int, help='0: an adapter that cannot advertise')
    parser.add_argument('--temporary-timeout', default=30.0, type=float, help='seconds')
    parser.add_argument('--duplicate-filter', default=None, action='store_true',
                        help='the controller drops repeats of an address until discovery is started again')
    parser.add_argument('--device-found', action='store_true', help='calls DeviceFound, once a device and monitor')
    parser.add_argument('--fatal-monitors', action='store_true', help='dies when a monitor is registered')
    return parser.parse_args()


if __name__ == '__main__':
    Service(arguments()).run()
