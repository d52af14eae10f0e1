"""What is in the bytes of an advert, as bluetoothd reads them (Core Specification Supplement, part A)."""

BASE_UUID = '0000{:04x}-0000-1000-8000-00805f9b34fb'
BASE_UUID32 = '{:08x}-0000-1000-8000-00805f9b34fb'
LONGEST = 31


def uuid16(value):
    return BASE_UUID.format(int.from_bytes(value, 'little'))


def uuid32(value):
    return BASE_UUID32.format(int.from_bytes(value, 'little'))


def uuid128(value):
    text = value[::-1].hex()
    return '-'.join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def structures(data):
    """The (type, bytes) of an advert. A length that reaches past the end stops the walk, as does a zero."""
    found, at = [], 0
    while at + 1 < len(data):
        length = data[at]
        if length == 0 or at + 1 + length > len(data):
            break
        found.append((data[at + 1], data[at + 2:at + 1 + length]))
        at += 1 + length
    return found


class Advert:
    """One advert: who sent it, how loud, and what it says."""

    def __init__(self, address, kind, rssi, data):
        self.address = address
        self.kind = kind
        self.rssi = rssi
        self.structures = structures(data)
        self.flags = None
        self.name = None
        self.tx_power = None
        self.uuids = []
        self.manufacturer = {}
        self.service = {}
        for type_, value in self.structures:
            self._read(type_, value)

    def _read(self, type_, value):
        if type_ == 0x01 and value:
            self.flags = value[:1]
        elif type_ in (0x02, 0x03):
            self._add_uuids(value, 2, uuid16)
        elif type_ in (0x04, 0x05):
            self._add_uuids(value, 4, uuid32)
        elif type_ in (0x06, 0x07):
            self._add_uuids(value, 16, uuid128)
        elif type_ in (0x08, 0x09):
            self.name = text_of(value)
        elif type_ == 0x0A and value:
            self.tx_power = int.from_bytes(value[:1], 'little', signed=True)
        elif type_ == 0x16 and len(value) >= 2:
            self.service[uuid16(value[:2])] = value[2:]
        elif type_ == 0x20 and len(value) >= 4:
            self.service[uuid32(value[:4])] = value[4:]
        elif type_ == 0x21 and len(value) >= 16:
            self.service[uuid128(value[:16])] = value[16:]
        elif type_ == 0xFF and len(value) >= 2:
            self.manufacturer[int.from_bytes(value[:2], 'little')] = value[2:]

    def _add_uuids(self, value, width, read):
        for at in range(0, len(value) - width + 1, width):
            uuid = read(value[at:at + width])
            if uuid not in self.uuids:
                self.uuids.append(uuid)

    def matches(self, patterns):
        """Does one of the (offset, AD type, bytes) stand in one structure?"""
        for offset, type_, wanted in patterns:
            for found, value in self.structures:
                if found == type_ and value[offset:offset + len(wanted)] == wanted:
                    return True
        return False


def text_of(value):
    """A name as D-Bus can carry it: UTF-8 without a zero byte."""
    return value.split(b'\0')[0].decode('utf-8', 'replace').strip()
