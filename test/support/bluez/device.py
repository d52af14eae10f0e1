"""A device that was heard: org.bluez.Device1."""
import dbus

from bus import BluezError, Thing

DEVICE = 'org.bluez.Device1'
# Without a discovery filter bluetoothd tells of a new signal strength only when it moved by this many dB.
RSSI_STEP = 8
NOTHING = ('', '')


def manufacturer_of(found):
    return dbus.Dictionary({dbus.UInt16(key): dbus.ByteArray(value) for key, value in found.items()}, signature='qv')


def service_of(found):
    return dbus.Dictionary({key: dbus.ByteArray(value) for key, value in found.items()}, signature='sv')


class Device(Thing):
    interfaces = {DEVICE: {
        'methods': {
            'Connect': NOTHING, 'Disconnect': NOTHING, 'ConnectProfile': ('s', ''), 'DisconnectProfile': ('s', ''),
            'Pair': NOTHING, 'CancelPairing': NOTHING,
        },
        'properties': {
            'Address': ('s', 'read'), 'AddressType': ('s', 'read'), 'Name': ('s', 'read'),
            'Alias': ('s', 'readwrite'), 'Paired': ('b', 'read'), 'Bonded': ('b', 'read'),
            'Trusted': ('b', 'readwrite'), 'Blocked': ('b', 'readwrite'), 'LegacyPairing': ('b', 'read'),
            'RSSI': ('n', 'read'), 'Connected': ('b', 'read'), 'UUIDs': ('as', 'read'), 'Adapter': ('o', 'read'),
            'ManufacturerData': ('a{qv}', 'read'), 'ServiceData': ('a{sv}', 'read'), 'TxPower': ('n', 'read'),
            'ServicesResolved': ('b', 'read'), 'AdvertisingFlags': ('ay', 'read'),
        },
    }}

    def __init__(self, bus, adapter, advert, experimental):
        super().__init__(f'{adapter.path}/dev_{advert.address.replace(":", "_")}')
        self.bus = bus
        self.adapter = adapter
        self.experimental = experimental
        self.address = advert.address
        self.kind = advert.kind
        self.name = self.alias = self.rssi = self.tx_power = self.flags = None
        self.uuids, self.manufacturer, self.service = [], {}, {}
        self.trusted = self.blocked = False
        self.found_by = set()
        self.heard = 0.0
        self.take(advert, RSSI_STEP, False)

    def properties(self, interface):
        name = self.name
        shown = {
            'Address': self.address,
            'AddressType': self.kind,
            **({'Name': name} if name else {}),
            'Alias': self.alias or name or self.address.replace(':', '-'),
            'Paired': dbus.Boolean(False),
            'Bonded': dbus.Boolean(False),
            'Trusted': dbus.Boolean(self.trusted),
            'Blocked': dbus.Boolean(self.blocked),
            'LegacyPairing': dbus.Boolean(False),
            'Connected': dbus.Boolean(False),
            'UUIDs': dbus.Array(self.uuids, signature='s'),
            'Adapter': dbus.ObjectPath(self.adapter.path),
            'ServicesResolved': dbus.Boolean(False),
        }
        return {**shown, **self.heard_properties()}

    def heard_properties(self):
        shown = {}
        if self.rssi is not None:
            shown['RSSI'] = dbus.Int16(self.rssi)
        if self.tx_power is not None:
            shown['TxPower'] = dbus.Int16(self.tx_power)
        if self.manufacturer:
            shown['ManufacturerData'] = manufacturer_of(self.manufacturer)
        if self.service:
            shown['ServiceData'] = service_of(self.service)
        if self.experimental and self.flags is not None:
            shown['AdvertisingFlags'] = dbus.ByteArray(self.flags)
        return shown

    def take(self, advert, step, duplicates):
        """What a further advert changes. `duplicates`: tell also of data that is as before."""
        changed = {}
        if advert.name and advert.name != self.name:
            self.name = advert.name
            changed['Name'] = self.name
            if not self.alias:
                changed['Alias'] = self.name
        if self._is_new_rssi(advert.rssi, step):
            self.rssi = advert.rssi
            changed['RSSI'] = dbus.Int16(self.rssi)
        if advert.tx_power is not None and advert.tx_power != self.tx_power:
            self.tx_power = advert.tx_power
            changed['TxPower'] = dbus.Int16(self.tx_power)
        if self._add_data(self.manufacturer, advert.manufacturer, duplicates):
            changed['ManufacturerData'] = manufacturer_of(self.manufacturer)
        if self._add_data(self.service, advert.service, duplicates):
            changed['ServiceData'] = service_of(self.service)
        self._add_rest(advert, changed)
        return changed

    def _is_new_rssi(self, rssi, step):
        # 127 is what a controller says when it does not know.
        if rssi is None or rssi == 127:
            return False
        return self.rssi is None or abs(self.rssi - rssi) >= step

    @staticmethod
    def _add_data(kept, found, duplicates):
        """Data of another company or service is added to what was there, unless duplicates are wanted."""
        if not found:
            return False
        if duplicates:
            kept.clear()
        changed = any(kept.get(key) != value for key, value in found.items())
        kept.update(found)
        return changed

    def _add_rest(self, advert, changed):
        fresh = [uuid for uuid in advert.uuids if uuid not in self.uuids]
        if fresh:
            self.uuids += fresh
            changed['UUIDs'] = dbus.Array(self.uuids, signature='s')
        if advert.flags is not None and advert.flags != self.flags:
            self.flags = advert.flags
            if self.experimental:
                changed['AdvertisingFlags'] = dbus.ByteArray(self.flags)

    def forget_rssi(self):
        """When discovery ends the strength means nothing any more."""
        gone = [name for name, value in (('RSSI', self.rssi), ('TxPower', self.tx_power)) if value is not None]
        self.rssi = self.tx_power = None
        if gone:
            self.bus.changed(self, DEVICE, {}, gone)

    def set(self, message, interface, name, value):
        if name not in ('Trusted', 'Blocked', 'Alias'):
            super().set(message, interface, name, value)
        typed = str(value) if name == 'Alias' else bool(value)
        setattr(self, name.lower(), typed)
        self.bus.changed(self, DEVICE, {name: typed if name == 'Alias' else dbus.Boolean(typed)})

    def Connect(self, message):
        raise BluezError('Failed', 'le-connection-abort-by-local')

    def Disconnect(self, message):
        raise BluezError('NotConnected', 'Not Connected')

    def ConnectProfile(self, message, uuid):
        raise BluezError('Failed', 'le-connection-abort-by-local')

    def DisconnectProfile(self, message, uuid):
        raise BluezError('NotConnected', 'Not Connected')

    def Pair(self, message):
        raise BluezError('AuthenticationFailed', 'Authentication Failed')

    def CancelPairing(self, message):
        raise BluezError('DoesNotExist', 'Does Not Exist')
