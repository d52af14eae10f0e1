/** A call that came over the control connection. */
export interface Call {
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly body: readonly unknown[]
}

/** An answer: its signature, and a body made with `variant`; undefined where the call is not for this object. */
export type AnswerCall = (call: Call, variant: MakeVariant) => Reply | undefined
export type MakeVariant = (signature: string, value: unknown) => unknown

export interface Reply {
  readonly signature: string
  readonly body: readonly unknown[]
}

/** A message of dbus-next. */
export interface CallMessage extends Call {
  readonly flags: number
  readonly constructor: unknown
}

/** The bus of node-ble, as far as it serves. */
export interface ServingBus {
  addMethodHandler(handler: (message: CallMessage) => boolean): void
  send(message: unknown): void
}

const noReplyExpected = 1

/**
 * Answers calls on the bus of node-ble. It takes only messages and variants of its own copy of dbus-next, which it does not
 * hand out: so both are made by the classes of what it gave us, the call itself and `sample`.
 */
export function serve(bus: ServingBus, answer: AnswerCall, sample: unknown): void {
  const Variant = classOf<new (signature: string, value: unknown) => unknown>(sample)
  const variant: MakeVariant = (signature, value) => new Variant(signature, value)
  bus.addMethodHandler((message) => {
    const reply = answer(message, variant)
    if (!reply) return false
    if (!(message.flags & noReplyExpected))
      bus.send(classOf<MessageClass>(message).newMethodReturn(message, reply.signature, reply.body))
    return true
  })
}

interface MessageClass {
  newMethodReturn(call: CallMessage, signature: string, body: readonly unknown[]): unknown
}

function classOf<T>(value: unknown): T {
  return Reflect.get(Object(value), 'constructor')
}
