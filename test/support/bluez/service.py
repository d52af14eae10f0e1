"""A service on a bus that does as it is told, spoken with libdbus: what BlueZ looks like from outside.

Arguments: the address of the bus, and the names to own. Standard input, one JSON object a line:
  {"emit": {path, interface, member, signature, body}, "times"?: n, "destination"?: name}
  {"answer": member, "signature", "body"} or {"answer": member, "error": name}: how calls of it are answered from now on
  {"call": {destination, path, interface, member, signature, body}}: its outcome is printed as {"reply": ...}
Standard output: {"ready": unique name}, then each call that came. In a body, what a variant holds is written [signature, value].
"""
import json
import os
import sys

import dbus
import dbus.bus
import dbus.lowlevel
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

BASIC = {
    "y": dbus.Byte, "b": dbus.Boolean, "n": dbus.Int16, "q": dbus.UInt16, "i": dbus.Int32, "u": dbus.UInt32,
    "x": dbus.Int64, "t": dbus.UInt64, "d": dbus.Double, "s": dbus.String, "o": dbus.ObjectPath, "g": dbus.Signature,
}


def make(signature, value, level=0):
    if signature == "v":
        return make(value[0], value[1], level + 1)
    if signature.startswith("a{"):
        inner = signature[2:-1]
        key = int if inner[0] in "ynqiuxt" else str
        entries = {BASIC[inner[0]](key(name)): make(inner[1:], one) for name, one in value.items()}
        return dbus.Dictionary(entries, signature=inner, variant_level=level)
    if signature[0] == "a":
        return dbus.Array([make(signature[1:], one) for one in value], signature=signature[1:], variant_level=level)
    return BASIC[signature](value, variant_level=level)


def plain(value):
    if isinstance(value, dict):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    return int(value) if isinstance(value, int) else float(value) if isinstance(value, float) else str(value)


def say(line):
    print(json.dumps(line), flush=True)


def fill(message, spec):
    types = list(dbus.Signature(spec.get("signature", "")))
    if types:
        message.append(*[make(str(one), value) for one, value in zip(types, spec["body"])], signature=spec["signature"])
    return message


def emit(order):
    spec = order["emit"]
    message = fill(dbus.lowlevel.SignalMessage(spec["path"], spec["interface"], spec["member"]), spec)
    if "destination" in order:
        message.set_destination(order["destination"])
    for _ in range(order.get("times", 1)):
        connection.send_message(message.copy())


def call(order):
    spec = order["call"]
    message = dbus.lowlevel.MethodCallMessage(spec["destination"], spec["path"], spec["interface"], spec["member"])
    if order.get("noReply"):
        message.set_no_reply(True)
        connection.send_message(fill(message, spec))
        return
    connection.send_message_with_reply(fill(message, spec), replied)


def replied(message):
    error = isinstance(message, dbus.lowlevel.ErrorMessage)
    say({"reply": {"error": message.get_error_name()} if error else
         {"signature": message.get_signature(), "body": plain(message.get_args_list())}})


def on_message(_connection, message):
    if not isinstance(message, dbus.lowlevel.MethodCallMessage) or message.get_interface() == "org.freedesktop.DBus.Peer":
        return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
    say({"path": message.get_path(), "interface": message.get_interface(), "member": message.get_member(),
         "body": plain(message.get_args_list()), "sender": message.get_sender(), "noReply": message.get_no_reply()})
    order = answers.get(message.get_member(), {})
    if not message.get_no_reply() and order.get("silent") is None:
        connection.send_message(answer_to(message, order))
    return dbus.lowlevel.HANDLER_RESULT_HANDLED


def answer_to(message, order):
    if "error" in order:
        return dbus.lowlevel.ErrorMessage(message, order["error"], "of " + message.get_path())
    return fill(dbus.lowlevel.MethodReturnMessage(message), order)


def on_input(*_):
    global pending
    piece = os.read(0, 65536)
    if not piece:
        loop.quit()
        return False
    *lines, pending = (pending + piece).split(b"\n")
    for line in lines:
        obey(json.loads(line))
    return True


def obey(order):
    if "emit" in order:
        emit(order)
    elif "call" in order:
        call(order)
    else:
        answers[order["answer"]] = order


DBusGMainLoop(set_as_default=True)
answers = {}
pending = b""
loop = GLib.MainLoop()
connection = dbus.bus.BusConnection(sys.argv[1])
connection.add_message_filter(on_message)
for name in sys.argv[2:]:
    connection.request_name(name)
GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, on_input)
say({"ready": connection.get_unique_name()})
loop.run()
