"""An adapter: org.bluez.Adapter1 and what hangs on it. It decides which adverts become signals on the bus."""
import time
from collections import OrderedDict

import advertising
import dbus
import monitors
from bus import BluezError, Thing
from device import DEVICE, RSSI_STEP, Device
from discovery import Discovery

ADAPTER = 'org.bluez.Adapter1'
WRITABLE = ('Powered', 'Alias', 'Discoverable', 'DiscoverableTimeout', 'Pairable', 'PairableTimeout')
OFFERED = {
    'methods': {
        'StartDiscovery': ('', ''), 'StopDiscovery': ('', ''), 'SetDiscoveryFilter': ('a{sv}', ''),
        'RemoveDevice': ('o', ''), 'GetDiscoveryFilters': ('', 'as'),
    },
    'properties': {
        'Address': ('s', 'read'), 'AddressType': ('s', 'read'), 'Name': ('s', 'read'), 'Alias': ('s', 'readwrite'),
        'Class': ('u', 'read'), 'Powered': ('b', 'readwrite'), 'Discoverable': ('b', 'readwrite'),
        'DiscoverableTimeout': ('u', 'readwrite'), 'Pairable': ('b', 'readwrite'),
        'PairableTimeout': ('u', 'readwrite'), 'Discovering': ('b', 'read'), 'UUIDs': ('as', 'read'),
        'Modalias': ('s', 'read'), 'Roles': ('as', 'read'), 'PowerState': ('s', 'read'),
    },
}


class Adapter(Thing):
    def __init__(self, bus, name, address, options):
        super().__init__('/org/bluez/' + name)
        self.bus = bus
        self.options = options
        self.is_blocked = False
        self.is_deaf = False
        self.discovery = Discovery()
        self.monitors = monitors.Monitors(bus, options.fatal_monitors)
        self.advertising = advertising.Advertising(bus, options.advertising_instances, self._advertising_changed)
        # By path, the longest unheard first.
        self.devices = OrderedDict()
        self.counts = {'heard': 0, 'deaf': 0, 'repeats': 0, 'unwanted': 0}
        self.shown = {
            'Address': address, 'AddressType': 'public', 'Name': 'drempel', 'Alias': 'drempel',
            'Class': dbus.UInt32(0), 'Powered': dbus.Boolean(options.powered), 'Discoverable': dbus.Boolean(False),
            'DiscoverableTimeout': dbus.UInt32(180), 'Pairable': dbus.Boolean(False),
            'PairableTimeout': dbus.UInt32(0), 'Discovering': dbus.Boolean(False),
            'UUIDs': dbus.Array(['00001800-0000-1000-8000-00805f9b34fb', '00001801-0000-1000-8000-00805f9b34fb'],
                                signature='s'),
            'Modalias': 'usb:v1D6Bp0246d0542', 'Roles': dbus.Array(['central', 'peripheral'], signature='s'),
        }
        self.show_power_state()

    def offers(self):
        common = {ADAPTER: OFFERED}
        if self.options.advertising_instances:
            common[advertising.ADVERTISING_MANAGER] = advertising.OFFERED
        return {**common, monitors.MONITOR_MANAGER: monitors.OFFERED} if self.options.experimental else common

    def properties(self, interface):
        if interface == ADAPTER:
            return self.shown
        return self.advertising.properties() if interface == advertising.ADVERTISING_MANAGER \
            else monitors.manager_properties()

    def set(self, message, interface, name, value):
        if interface != ADAPTER or name not in WRITABLE:
            super().set(message, interface, name, value)
        kind = type(self.shown[name])
        if not isinstance(value, kind):
            raise BluezError('InvalidArguments', 'Invalid arguments in method call')
        if name != 'Powered':
            self.show({name: kind(value)})
            return
        if value and self.is_blocked:
            # Kernels from 5.17 on: a plain failure, as seen with 6.1.
            raise BluezError('Failed', 'Failed')
        if not value:
            self.remove_devices()
        self.power(bool(value))

    def show(self, properties):
        """Changes properties and says so, in one signal and only what differs."""
        changed = {name: value for name, value in properties.items() if self.shown[name] != value}
        self.shown.update(changed)
        if changed:
            self.bus.changed(self, ADAPTER, changed)

    @property
    def is_powered(self):
        return bool(self.shown['Powered'])

    def show_power_state(self):
        """The property is experimental."""
        if self.options.experimental:
            state = 'off-blocked' if self.is_blocked else 'on' if self.shown['Powered'] else 'off'
            self.shown['PowerState'] = dbus.String(state)

    def power(self, on):
        """Off: all discovery sessions are gone and nobody is told but by the properties. Monitors stay."""
        if not on:
            self.discovery.clear()
            self.forget_rssi()
        self.show({'Powered': dbus.Boolean(on), **({} if on else {'Discovering': dbus.Boolean(False)})})
        self.show_power_state()

    def _ready(self):
        if not self.is_powered:
            raise BluezError('NotReady', 'Resource Not Ready')

    def StartDiscovery(self, message):
        self._ready()
        if self.discovery.start(str(message.get_sender())):
            self.show({'Discovering': dbus.Boolean(True)})

    def StopDiscovery(self, message):
        self._ready()
        if self.discovery.stop(str(message.get_sender())):
            self._discovery_ended()

    def _discovery_ended(self):
        self.show({'Discovering': dbus.Boolean(False)})
        self.forget_rssi()

    def forget_rssi(self):
        for device in self.devices.values():
            device.forget_rssi()

    def SetDiscoveryFilter(self, message, given):
        self._ready()
        self.discovery.set_filter(str(message.get_sender()), given)

    def GetDiscoveryFilters(self, message):
        names = ['UUIDs', 'RSSI', 'Pathloss', 'Transport', 'DuplicateData', 'Discoverable', 'Pattern']
        return dbus.Array(names, signature='s')

    def RemoveDevice(self, message, path):
        device = self.devices.get(str(path))
        if device is None:
            raise BluezError('DoesNotExist', 'Does Not Exist')
        self._ready()
        self.remove_device(device)

    def RegisterMonitor(self, message, path):
        return self.monitors.register(message, path)

    def UnregisterMonitor(self, message, path):
        return self.monitors.unregister(message, path)

    def RegisterAdvertisement(self, message, path, options):
        return self.advertising.register(message, path)

    def UnregisterAdvertisement(self, message, path):
        return self.advertising.unregister(message, path)

    def _advertising_changed(self):
        shown = self.advertising.properties()
        changed = {name: shown[name] for name in ('ActiveInstances', 'SupportedInstances')}
        self.bus.changed(self, advertising.ADVERTISING_MANAGER, changed)

    def hear(self, advert):
        """One advert reaches the antenna."""
        if self.is_deaf or not self.is_powered:
            self.counts['deaf'] += 1
            return
        found = self.monitors.matching(advert)
        if not found and not self.discovery.wants(advert):
            self.counts['unwanted'] += 1
            return
        if self._is_repeat(advert):
            self.counts['repeats'] += 1
            return
        self.counts['heard'] += 1
        device = self._met(advert)
        if self.options.device_found:
            self._report_found(device, found)

    def _is_repeat(self, advert):
        """The kernel switches the controller's filter on for discovery, and off while a monitor is active."""
        if self.options.duplicate_filter is None or self.monitors.active():
            return False
        if advert.address in self.discovery.repeated:
            return True
        self.discovery.repeated.add(advert.address)
        return False

    def _met(self, advert):
        path = f'{self.path}/dev_{advert.address.replace(":", "_")}'
        device = self.devices.get(path)
        if device is None:
            device = self.devices[path] = Device(self.bus, self, advert, self.options.experimental)
            self.bus.add(device)
        else:
            step = 0 if self.discovery.is_filtered() else RSSI_STEP
            changed = device.take(advert, step, self.discovery.wants_duplicates())
            if changed:
                self.bus.changed(device, DEVICE, changed)
        device.heard = time.monotonic()
        self.devices.move_to_end(path)
        return device

    def _report_found(self, device, found):
        for application, path, monitor in found:
            if device.path not in monitor['found']:
                monitor['found'].add(device.path)
                application.tell(path, 'DeviceFound', 'o', dbus.ObjectPath(device.path))

    def expire(self, now):
        """Takes away what was not heard for the temporary timeout, which is what bounds the tree."""
        while self.devices:
            device = next(iter(self.devices.values()))
            if now - device.heard < self.options.temporary_timeout:
                return
            self.remove_device(device)

    def remove_device(self, device):
        del self.devices[device.path]
        for _, _, monitor in self.monitors.active():
            monitor['found'].discard(device.path)
        self.bus.remove(device)

    def remove_devices(self):
        for device in list(self.devices.values()):
            self.remove_device(device)

    def leave(self, client):
        if self.discovery.leave(client):
            self._discovery_ended()
        self.monitors.leave(client)
        self.advertising.leave(client)

    def unplug(self):
        self.power(False)
        self.remove_devices()
        self.monitors.close()
        self.advertising.close()
        self.bus.remove(self)
