"""Writes messages of D-Bus with GLib's marshaller, which is not ours.

Standard input: a JSON list of {path, interface, member, body, sender?, order?}; the body is a GVariant in text form, or absent.
Standard output: a JSON list of the messages in hex. Order is "l" or "B".
"""
import json
import sys

from gi.repository import Gio, GLib

ORDERS = {"l": Gio.DBusMessageByteOrder.LITTLE_ENDIAN, "B": Gio.DBusMessageByteOrder.BIG_ENDIAN}


def blob(spec, serial):
    message = Gio.DBusMessage.new_signal(spec["path"], spec["interface"], spec["member"])
    message.set_byte_order(ORDERS[spec.get("order", "l")])
    message.set_serial(serial)
    message.set_sender(spec.get("sender", ":1.1"))
    if "body" in spec:
        message.set_body(GLib.Variant.parse(None, spec["body"], None, None))
    return message.to_blob(Gio.DBusCapabilityFlags.NONE).hex()


json.dump([blob(spec, serial + 1) for serial, spec in enumerate(json.load(sys.stdin))], sys.stdout)
