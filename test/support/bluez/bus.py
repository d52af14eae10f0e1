"""The D-Bus side: objects by path, their methods and properties, the calls that others make and what is answered."""
import sys
from collections import Counter, defaultdict
from xml.sax.saxutils import quoteattr

import dbus
import dbus.bus
from dbus.lowlevel import (HANDLER_RESULT_HANDLED, HANDLER_RESULT_NOT_YET_HANDLED, ErrorMessage, MethodCallMessage,
                           MethodReturnMessage, SignalMessage)

INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable'
PROPERTIES = 'org.freedesktop.DBus.Properties'
MANAGER = 'org.freedesktop.DBus.ObjectManager'
UNKNOWN_METHOD = 'org.freedesktop.DBus.Error.UnknownMethod'
PENDING = object()
DOCTYPE = ('<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n'
           '"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n')
STANDARD = {
    INTROSPECTABLE: {'Introspect': ('', 's')},
    PROPERTIES: {'Get': ('ss', 'v'), 'Set': ('ssv', ''), 'GetAll': ('s', 'a{sv}')},
}


class BluezError(Exception):
    """An error that goes back to the caller under its D-Bus name."""

    def __init__(self, name, text):
        super().__init__(text)
        self.name = name if '.' in name else 'org.bluez.Error.' + name
        self.text = text


class Thing:
    """An object of the tree. `interfaces` names methods with their signatures and properties with theirs and a 'w'."""
    interfaces = {}
    listed = True

    def __init__(self, path):
        self.path = path

    def offers(self):
        return self.interfaces

    def properties(self, interface):
        return {}

    def set(self, message, interface, name, value):
        raise BluezError('org.freedesktop.DBus.Error.PropertyReadOnly', 'Property is not writable')

    def everything(self):
        """As it stands in InterfacesAdded."""
        plain = {name: dbus.Dictionary({}, signature='sv') for name in STANDARD}
        own = {name: dbus.Dictionary(self.properties(name), signature='sv') for name in self.offers()}
        return dbus.Dictionary({**plain, **own}, signature='sa{sv}')


class Bus:
    """The connection: who calls what is counted, and may be refused or left without an answer on command."""

    def __init__(self, address, on_gone):
        self.things = {}
        self.calls = defaultdict(Counter)
        self.refusals = {}
        self.silences = Counter()
        self.signals = 0
        self.after = lambda member, message: None
        self.connection = dbus.bus.BusConnection(address)
        self.connection.set_exit_on_disconnect(False)
        self.connection.call_on_disconnection(lambda connection: on_gone())
        self.connection._register_object_path('/', self._called, fallback=True)

    def own(self, name):
        if self.connection.request_name(name, dbus.bus.NAME_FLAG_DO_NOT_QUEUE) != dbus.bus.REQUEST_NAME_REPLY_PRIMARY_OWNER:
            sys.exit(f'{name} has an owner already')

    def on_leave(self, left):
        """Calls left(unique name) for each connection that ends."""
        def changed(name, before, after):
            if name.startswith(':') and not after:
                left(name)
        self.connection.add_signal_receiver(changed, 'NameOwnerChanged', 'org.freedesktop.DBus')

    def add(self, thing):
        self.things[thing.path] = thing
        if thing.listed:
            self.signal('/', MANAGER, 'InterfacesAdded', 'oa{sa{sv}}', dbus.ObjectPath(thing.path), thing.everything())

    def remove(self, thing):
        if self.things.pop(thing.path, None) is None:
            return
        names = [*STANDARD, *thing.offers()]
        self.signal('/', MANAGER, 'InterfacesRemoved', 'oas', dbus.ObjectPath(thing.path), names)

    def changed(self, thing, interface, properties, invalidated=()):
        body = (interface, dbus.Dictionary(properties, signature='sv'), dbus.Array(invalidated, signature='s'))
        self.signal(thing.path, PROPERTIES, 'PropertiesChanged', 'sa{sv}as', *body)

    def signal(self, path, interface, member, signature, *body):
        message = SignalMessage(path, interface, member)
        message.append(signature=signature, *body)
        self.connection.send_message(message)
        self.signals += 1

    def call(self, to, path, interface, member, signature, body, answered=None, failed=None, patience=25.0):
        """Calls a client. Without `answered` no reply is wanted."""
        if answered:
            self.connection.call_async(to, path, interface, member, signature, body, answered, failed, patience,
                                       byte_arrays=True)
            return
        message = MethodCallMessage(to, path, interface, member)
        message.set_no_reply(True)
        message.append(signature=signature, *body)
        self.connection.send_message(message)

    def reply(self, message, signature='', *body):
        if message.get_no_reply():
            return
        answer = MethodReturnMessage(message)
        if signature:
            answer.append(signature=signature, *body)
        self.connection.send_message(answer)

    def refuse(self, message, name, text):
        if not message.get_no_reply():
            self.connection.send_message(ErrorMessage(message, name, text))

    def _called(self, connection, message):
        if not isinstance(message, MethodCallMessage):
            return HANDLER_RESULT_NOT_YET_HANDLED
        member = self._count(message)
        if self.silences[member]:
            self.silences[member] -= 1
            return HANDLER_RESULT_HANDLED
        try:
            self._refuse_on_command(member)
            self._answer(message)
        except BluezError as error:
            self.refuse(message, error.name, error.text)
        else:
            self.after(member, message)
        return HANDLER_RESULT_HANDLED

    def _count(self, message):
        """The member; a property that is set counts under its own name, so that it can be refused by it."""
        member, sender = str(message.get_member()), str(message.get_sender())
        self.calls[member][sender] += 1
        if member != 'Set' or message.get_signature() != 'ssv':
            return member
        name = str(message.get_args_list()[1])
        self.calls[name][sender] += 1
        return name

    def _refuse_on_command(self, member):
        refusal = self.refusals.get(member)
        if refusal is None:
            return
        refusal['times'] -= 1
        if refusal['times'] <= 0:
            del self.refusals[member]
        raise BluezError(refusal['error'], refusal['text'])

    def _answer(self, message):
        path, interface, member = str(message.get_path()), message.get_interface(), str(message.get_member())
        if interface == INTROSPECTABLE and member == 'Introspect':
            return self.reply(message, 's', self._introspect(path))
        thing = self.things.get(path)
        if thing is None and path != '/':
            text = f'Method "{member}" with signature "{message.get_signature()}" on interface "{interface}" doesn\'t exist'
            raise BluezError('org.freedesktop.DBus.Error.UnknownObject', text)
        if path == '/' and interface == MANAGER and member == 'GetManagedObjects':
            return self.reply(message, 'a{oa{sa{sv}}}', self._managed())
        if interface == PROPERTIES and thing is not None:
            return self._property(thing, message, member)
        return self._method(thing, message, interface, member)

    def _managed(self):
        listed = {dbus.ObjectPath(path): thing.everything() for path, thing in self.things.items() if thing.listed}
        return dbus.Dictionary(listed, signature='oa{sa{sv}}')

    def _method(self, thing, message, interface, member):
        offered = thing.offers().get(interface, {}).get('methods', {}) if thing else {}
        if member not in offered or offered[member][0] != message.get_signature():
            text = f'Method "{member}" with signature "{message.get_signature()}" on interface "{interface}" doesn\'t exist'
            raise BluezError(UNKNOWN_METHOD, text)
        answer = getattr(thing, member)(message, *message.get_args_list(byte_arrays=True))
        if answer is not PENDING:
            self.reply(message, offered[member][1], *(() if answer is None else (answer,)))

    def _property(self, thing, message, member):
        args = message.get_args_list(byte_arrays=True)
        if STANDARD[PROPERTIES].get(member, ('-',))[0] != message.get_signature():
            raise BluezError(UNKNOWN_METHOD, f'Method "{member}" doesn\'t exist')
        if args[0] not in thing.offers():
            raise BluezError('org.freedesktop.DBus.Error.InvalidArgs', f"No such interface '{args[0]}'")
        if member == 'GetAll':
            return self.reply(message, 'a{sv}', dbus.Dictionary(thing.properties(args[0]), signature='sv'))
        if args[1] not in thing.offers()[args[0]].get('properties', {}):
            raise BluezError('org.freedesktop.DBus.Error.InvalidArgs', f"No such property '{args[1]}'")
        if member == 'Set':
            if thing.set(message, args[0], args[1], args[2]) is not PENDING:
                self.reply(message)
            return None
        value = thing.properties(args[0]).get(args[1])
        if value is None:
            raise BluezError('org.freedesktop.DBus.Error.InvalidArgs', f"No such property '{args[1]}'")
        return self.reply(message, 'v', value)

    def _introspect(self, path):
        thing = self.things.get(path)
        standard = {name: {'methods': methods} for name, methods in STANDARD.items()}
        offered = {**standard, **thing.offers()} if thing else {INTROSPECTABLE: standard[INTROSPECTABLE]}
        if path == '/':
            offered[MANAGER] = {'methods': {'GetManagedObjects': ('', 'a{oa{sa{sv}}}')}}
        lines = [interface_xml(name, what) for name, what in offered.items()]
        prefix = path if path == '/' else path + '/'
        inside = {other[len(prefix):].split('/')[0] for other in self.things if other.startswith(prefix)}
        lines += [f'<node name={quoteattr(name)}/>' for name in sorted(inside)]
        return DOCTYPE + '<node>' + ''.join(lines) + '</node>'


def interface_xml(name, what):
    lines = [f'<interface name={quoteattr(name)}>']
    for method, (takes, gives) in what.get('methods', {}).items():
        ways = [('in', part) for part in dbus.Signature(takes)] + [('out', part) for part in dbus.Signature(gives)]
        inner = ''.join(f'<arg type="{part}" direction="{way}"/>' for way, part in ways)
        lines.append(f'<method name="{method}">{inner}</method>')
    for prop, (signature, access) in what.get('properties', {}).items():
        lines.append(f'<property name="{prop}" type="{signature}" access="{access}"/>')
    if name == PROPERTIES:
        lines.append('<signal name="PropertiesChanged"><arg type="s"/><arg type="a{sv}"/><arg type="as"/></signal>')
    if name == MANAGER:
        lines.append('<signal name="InterfacesAdded"><arg type="o"/><arg type="a{sa{sv}}"/></signal>')
        lines.append('<signal name="InterfacesRemoved"><arg type="o"/><arg type="as"/></signal>')
    return ''.join(lines) + '</interface>'
