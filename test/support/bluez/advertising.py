"""org.bluez.LEAdvertisingManager1: what clients wish the adapter to say of itself."""
import time

import dbus

from advert import LONGEST
from bus import PENDING, PROPERTIES, BluezError

ADVERTISING_MANAGER = 'org.bluez.LEAdvertisingManager1'
ADVERTISEMENT = 'org.bluez.LEAdvertisement1'
OFFERED = {
    'methods': {'RegisterAdvertisement': ('oa{sv}', ''), 'UnregisterAdvertisement': ('o', '')},
    'properties': {
        'ActiveInstances': ('y', 'read'), 'SupportedInstances': ('y', 'read'), 'SupportedIncludes': ('as', 'read'),
        'SupportedCapabilities': ('a{sv}', 'read'), 'SupportedFeatures': ('as', 'read'),
    },
}


def width_of_uuid(uuid):
    text = str(uuid).lower()
    return 2 if len(text) == 4 or text.endswith('-0000-1000-8000-00805f9b34fb') and text.startswith('0000') else 16


def length_of(properties):
    """Bytes of AD that an advertisement takes, flags of a peripheral included."""
    total = 3 if properties['Type'] == 'peripheral' else 0
    uuids = properties.get('ServiceUUIDs', [])
    for width in (2, 16):
        count = sum(1 for uuid in uuids if width_of_uuid(uuid) == width)
        total += 2 + count * width if count else 0
    total += sum(4 + len(value) for value in properties.get('ManufacturerData', {}).values())
    total += sum(2 + width_of_uuid(key) + len(value) for key, value in properties.get('ServiceData', {}).items())
    total += sum(2 + len(value) for value in properties.get('Data', {}).values())
    name = properties.get('LocalName')
    return total + (2 + len(str(name).encode()) if name is not None else 0)


def plain(value):
    """A D-Bus value as JSON can carry it: bytes as hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    return int(value) if isinstance(value, int) else str(value)


class Advertising:
    """Of one adapter."""

    def __init__(self, bus, instances, changed):
        self.bus = bus
        self.instances = instances
        self.changed = changed
        self.pending = set()
        self.shown = {}
        # Every coming and going, with how many are shown after it.
        self.history = []

    def properties(self):
        capabilities = {'MaxAdvLen': dbus.Byte(LONGEST), 'MaxScnRspLen': dbus.Byte(LONGEST)}
        return {
            'ActiveInstances': dbus.Byte(len(self.shown)),
            'SupportedInstances': dbus.Byte(self.instances - len(self.shown)),
            'SupportedIncludes': dbus.Array(['tx-power', 'appearance', 'local-name'], signature='s'),
            'SupportedCapabilities': dbus.Dictionary(capabilities, signature='sv'),
            'SupportedFeatures': dbus.Array([], signature='s'),
        }

    def register(self, message, path):
        key = str(message.get_sender()), str(path)
        if key in self.shown or key in self.pending:
            raise BluezError('AlreadyExists', 'Already Exists')
        if len(self.shown) + len(self.pending) >= self.instances:
            raise BluezError('NotPermitted', 'Maximum advertisements reached')
        self.pending.add(key)

        def answered(properties):
            if key in self.pending:
                self.pending.discard(key)
                self._take(message, key, properties)

        def failed(error):
            self.pending.discard(key)
            self.bus.refuse(message, 'org.bluez.Error.Failed', 'Failed to parse advertisement.')
        self.bus.call(*key, PROPERTIES, 'GetAll', 's', (ADVERTISEMENT,), answered, failed)
        return PENDING

    def _take(self, message, key, properties):
        if properties.get('Type') not in ('broadcast', 'peripheral'):
            self.bus.refuse(message, 'org.bluez.Error.Failed', 'Failed to parse advertisement.')
        elif length_of(properties) > LONGEST:
            self.bus.refuse(message, 'org.bluez.Error.InvalidLength', 'Advertising data too long.')
        else:
            self.shown[key] = plain(properties)
            self._note('registered', key, self.shown[key])
            self.bus.reply(message)
            self.changed()

    def unregister(self, message, path):
        key = str(message.get_sender()), str(path)
        if key not in self.shown:
            raise BluezError('DoesNotExist', 'Does Not Exist')
        self._take_away(key)
        self.changed()

    def _take_away(self, key):
        self._note('gone', key, self.shown.pop(key))

    def _note(self, what, key, properties):
        entry = {'what': what, 'owner': key[0], 'path': key[1], 'properties': properties, 'shown': len(self.shown)}
        self.history.append({**entry, 'at': time.monotonic()})

    def leave(self, client):
        mine = [key for key in self.shown if key[0] == client]
        for key in mine:
            self._take_away(key)
        self.pending = {key for key in self.pending if key[0] != client}
        if mine:
            self.changed()

    def close(self):
        for owner, path in self.shown:
            self.bus.call(owner, path, ADVERTISEMENT, 'Release', '', ())
        self.shown.clear()
