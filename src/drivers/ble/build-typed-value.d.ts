/** Makes values for node-ble's bus. It must be node-ble's own: the bus refuses those of another copy of dbus-next. */
declare module 'node-ble/src/buildTypedValue.js' {
  function buildTypedValue(type: 'string' | 'boolean', value: unknown): unknown
  export = buildTypedValue
}
