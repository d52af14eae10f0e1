"""Discovery: which clients wish it, with which filter, and which adverts they let through."""
import dbus

from bus import BluezError

NO_FILTER = None


def invalid():
    return BluezError('InvalidArguments', 'Invalid arguments in method call')


def is_of(value, kind):
    """dbus.Boolean is an int too, so kinds are compared exactly."""
    return type(value) is kind


READERS = {
    'UUIDs': lambda value: [str(uuid).lower() for uuid in value] if is_of(value, dbus.Array) else None,
    'RSSI': lambda value: int(value) if is_of(value, dbus.Int16) and -127 <= value <= 20 else None,
    'Pathloss': lambda value: int(value) if is_of(value, dbus.UInt16) and value <= 137 else None,
    'Transport': lambda value: str(value) if value in ('auto', 'le', 'bredr') else None,
    'DuplicateData': lambda value: bool(value) if is_of(value, dbus.Boolean) else None,
    'Discoverable': lambda value: bool(value) if is_of(value, dbus.Boolean) else None,
    'Pattern': lambda value: str(value) if is_of(value, dbus.String) else None,
}


def read_filter(given):
    """The filter, or none when it is empty. One unknown or ill-typed key makes all of it invalid, as in bluetoothd."""
    read = {}
    for key, value in given.items():
        taken = READERS[key](value) if key in READERS else None
        if taken is None:
            raise invalid()
        read[str(key)] = taken
    if 'RSSI' in read and 'Pathloss' in read:
        raise invalid()
    return read or NO_FILTER


def lets_through(wanted, advert):
    if wanted is NO_FILTER:
        return True
    if wanted.get('Transport') == 'bredr':
        return False
    pattern = wanted.get('Pattern')
    if pattern and not (advert.address.startswith(pattern) or (advert.name or '').startswith(pattern)):
        return False
    if wanted.get('UUIDs') and not set(wanted['UUIDs']) & set(advert.uuids):
        return False
    if 'RSSI' in wanted and (advert.rssi is None or advert.rssi == 127 or advert.rssi < wanted['RSSI']):
        return False
    if 'Pathloss' in wanted:
        return advert.tx_power is not None and advert.tx_power - advert.rssi <= wanted['Pathloss']
    return True


class Discovery:
    """Of one adapter. A filter may be set before the session starts, and stays with the client."""

    def __init__(self):
        self.filters = {}
        self.clients = []
        # What the controller's duplicate filter has let through once.
        self.repeated = set()

    def set_filter(self, client, given):
        read = read_filter(given)
        if read is NO_FILTER and client not in self.clients:
            self.filters.pop(client, None)
        else:
            self.filters[client] = read

    def start(self, client):
        """Is this the first one?"""
        if client in self.clients:
            raise BluezError('InProgress', 'Operation already in progress')
        self.clients.append(client)
        self.repeated.clear()
        return len(self.clients) == 1

    def stop(self, client):
        """Was this the last one?"""
        if client not in self.clients:
            raise BluezError('Failed', 'No discovery started')
        self.clients.remove(client)
        self.filters.pop(client, None)
        return not self.clients

    def leave(self, client):
        """The client left the bus. Was it the last one that discovered?"""
        self.filters.pop(client, None)
        return client in self.clients and self.stop(client)

    def clear(self):
        self.clients.clear()
        self.filters.clear()

    def wants(self, advert):
        return any(lets_through(self.filters.get(client), advert) for client in self.clients)

    def is_filtered(self):
        return bool(self.clients) and all(self.filters.get(client) for client in self.clients)

    def wants_duplicates(self):
        return any((self.filters.get(client) or {}).get('DuplicateData') for client in self.clients)
