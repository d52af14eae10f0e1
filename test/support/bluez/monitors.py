"""org.bluez.AdvertisementMonitorManager1: the patterns that clients watch for, without discovery."""
import os

import dbus

from advert import LONGEST
from bus import MANAGER, PENDING, BluezError

MONITOR = 'org.bluez.AdvertisementMonitor1'
MONITOR_MANAGER = 'org.bluez.AdvertisementMonitorManager1'
# The kernel takes 16, but of more than this bluetoothd dies (bluez/bluez#2398; seen with 5.66).
MOST_PATTERNS = 7
ABORTED = 134
OFFERED = {
    'methods': {'RegisterMonitor': ('o', ''), 'UnregisterMonitor': ('o', '')},
    'properties': {'SupportedMonitorTypes': ('as', 'read'), 'SupportedFeatures': ('as', 'read')},
}


def manager_properties():
    return {
        'SupportedMonitorTypes': dbus.Array(['or_patterns'], signature='s'),
        'SupportedFeatures': dbus.Array([], signature='s'),
    }


def read_patterns(given):
    """The (offset, AD type, bytes) of a monitor, or none when bluetoothd would refuse one of them."""
    if not isinstance(given, dbus.Array) or not given:
        return None
    patterns = []
    for entry in given:
        if not isinstance(entry, dbus.Struct) or len(entry) != 3:
            return None
        offset, type_, value = entry
        if not isinstance(offset, dbus.Byte) or not isinstance(type_, dbus.Byte):
            return None
        if not isinstance(value, (bytes, dbus.Array)):
            return None
        wanted = bytes(value)
        if not wanted or offset + len(wanted) > LONGEST:
            return None
        patterns.append((int(offset), int(type_), wanted))
    return patterns


def are_thresholds_right(given):
    """RSSIThresholdsAndTimers (high dBm, s, low dBm, s): left out, all unset, or all in range."""
    if given is None:
        return True
    if not isinstance(given, dbus.Struct) or given.signature not in (None, 'nqnq') or len(given) != 4:
        return False
    high, high_timer, low, low_timer = (int(part) for part in given)
    if (high, high_timer, low, low_timer) == (127, 0, 127, 0):
        return True
    return -127 <= low < high <= 20 and 1 <= high_timer <= 300 and 1 <= low_timer <= 300


def read_monitor(properties):
    """What is watched for, or none when it is invalid."""
    if properties.get('Type') != 'or_patterns' or not are_thresholds_right(properties.get('RSSIThresholdsAndTimers')):
        return None
    patterns = read_patterns(properties.get('Patterns'))
    if patterns is None:
        return None
    if len(patterns) > MOST_PATTERNS:
        os._exit(ABORTED)
    sampling = properties.get('RSSISamplingPeriod')
    return {'patterns': patterns, 'sampling': None if sampling is None else int(sampling), 'found': set()}


class Application:
    """What one client registered at one path. Monitors may be added and taken away later by its object manager."""

    def __init__(self, bus, owner, path):
        self.bus = bus
        self.owner = owner
        self.path = path
        self.monitors = {}
        self.is_open = True
        self.watches = [
            bus.connection.add_signal_receiver(self.added, 'InterfacesAdded', MANAGER, owner, byte_arrays=True),
            bus.connection.add_signal_receiver(self.removed, 'InterfacesRemoved', MANAGER, owner),
        ]

    def added(self, path, interfaces):
        if MONITOR not in interfaces or not str(path).startswith(self.path) or str(path) in self.monitors:
            return
        monitor = read_monitor(interfaces[MONITOR])
        if monitor is None:
            self.tell(path, 'Release')
            return
        self.monitors[str(path)] = monitor
        self.tell(path, 'Activate')

    def removed(self, path, interfaces):
        if MONITOR in interfaces:
            self.monitors.pop(str(path), None)

    def tell(self, path, member, signature='', *body):
        self.bus.call(self.owner, path, MONITOR, member, signature, body)

    def close(self, release):
        self.is_open = False
        for watch in self.watches:
            watch.remove()
        if release:
            for path in self.monitors:
                self.tell(path, 'Release')
        self.monitors.clear()


class Monitors:
    """Of one adapter."""

    def __init__(self, bus, are_fatal):
        self.bus = bus
        self.are_fatal = are_fatal
        self.applications = {}
        self.are_broken = False

    def register(self, message, path):
        """The reply comes once the client has told its objects, and also when it could not."""
        if self.are_fatal:
            os._exit(ABORTED)
        key = str(message.get_sender()), str(path)
        if key in self.applications:
            raise BluezError('AlreadyExists', 'Already Exists')
        application = self.applications[key] = Application(self.bus, *key)

        def answered(managed):
            self.bus.reply(message)
            for where, interfaces in managed.items():
                if application.is_open:
                    application.added(where, interfaces)

        def failed(error):
            if application.is_open:
                self.bus.reply(message)
        self.bus.call(key[0], key[1], MANAGER, 'GetManagedObjects', '', (), answered, failed)
        return PENDING

    def unregister(self, message, path):
        application = self.applications.pop((str(message.get_sender()), str(path)), None)
        if application is None:
            raise BluezError('DoesNotExist', 'Does Not Exist')
        application.close(release=True)

    def leave(self, client):
        for key in [key for key in self.applications if key[0] == client]:
            self.applications.pop(key).close(release=False)

    def close(self):
        for application in self.applications.values():
            application.close(release=True)
        self.applications.clear()

    def active(self):
        return [(application, path, monitor) for application in self.applications.values()
                for path, monitor in application.monitors.items()]

    def matching(self, advert):
        if self.are_broken:
            return []
        return [active for active in self.active() if advert.matches(active[2]['patterns'])]
