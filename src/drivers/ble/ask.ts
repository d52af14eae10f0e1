import type { Clock } from '../../base/clock.ts'
import { systemBusPaths } from '../../base/system-bus.ts'
import { openBusReader } from './bus/reader.ts'
import { openControl } from './control.ts'

/** What BlueZ offers on this machine. */
export type RadioAnswer = 'monitor' | 'discovery' | 'no-adapter' | 'unknown'

/** Asks BlueZ what it offers, without hearing anybody. Takes seconds at most; never rejects. */
export async function askRadio(adapter: string, clock: Clock): Promise<RadioAnswer> {
  try {
    return await ask(adapter, clock)
  } catch {
    return 'unknown'
  }
}

async function ask(adapter: string, clock: Clock): Promise<RadioAnswer> {
  const deaf = () => {}
  const on = {
    advert: deaf,
    adapterChanged: deaf,
    adapterAdded: deaf,
    adapterRemoved: deaf,
    ownerChanged: deaf,
    monitorActivated: deaf,
    monitorReleased: deaf,
    closed: deaf,
  }
  const reader = await openBusReader({ paths: systemBusPaths(), adapter, clock, on })
  try {
    const control = await openControl(adapter, clock)
    const isThere = await control.hasAdapter().finally(() => control.close())
    if (!isThere) return 'no-adapter'
    return (await reader.hasMonitorManager()) ? 'monitor' : 'discovery'
  } finally {
    reader.close()
  }
}
