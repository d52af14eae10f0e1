/** The number of match rules of each connection on the bus. */
export async function matchRules(address: string): Promise<number[]> {
  const { Message, systemBus } = await import('dbus-next')
  const before = process.env.DBUS_SYSTEM_BUS_ADDRESS
  process.env.DBUS_SYSTEM_BUS_ADDRESS = address
  const bus = systemBus()
  if (before !== undefined) process.env.DBUS_SYSTEM_BUS_ADDRESS = before
  const ask = async (member: string, iface: string, ...body: string[]) =>
    (await bus.call(
      new Message({
        destination: 'org.freedesktop.DBus',
        path: '/org/freedesktop/DBus',
        interface: iface,
        member,
        ...(body.length > 0 ? { signature: 's', body } : {}),
      }),
    ))!.body[0] as unknown
  const names = ((await ask('ListNames', 'org.freedesktop.DBus')) as string[]).filter((name) => name.startsWith(':'))
  const rules: number[] = []
  for (const name of names) {
    const stats = (await ask('GetConnectionStats', 'org.freedesktop.DBus.Debug.Stats', name)) as Record<
      string,
      { value: number }
    >
    rules.push(stats.MatchRules?.value ?? 0)
  }
  bus.disconnect()
  return rules.sort()
}
