import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeError, systemCode } from '../../base/errors.ts'
import { type Findings, joinFindings, type Look, nothing } from '../../box/findings.ts'
import { searchBytes, searchFolder } from '../../box/places.ts'
import { createShapeLook } from '../../box/shapes.ts'
import type { Config } from '../../config.ts'
import { mounts, notesOf } from '../radio-words.ts'
import type { Searched } from './proof.ts'

const bluetooth = '/var/lib/bluetooth'
const runtime = '/run/drempel'
const logLines = '100000'
const longestLog = 256 * 2 ** 20

/**
 * On the real box there are no canaries, so there whatever is written like an address is looked for. Reads only. What a
 * machine does not have is no gap; what cannot be read is one.
 */
export function searchLive(config: Config): Searched[] {
  const look = createShapeLook({ allowed: [...config.beacons.flatMap(({ address }) => address ?? []), ...adapters()] })
  return [
    stored(look, config.data),
    logged(look),
    ...(config.sensors.some(({ kind }) => kind === 'ble') ? [noted(look)] : []),
  ]
}

function stored(look: Look, data: string): Searched {
  const folders = [data, runtime].filter((folder) => existsSync(folder))
  const findings = joinFindings(folders.map((folder) => searchFolder(look, folder)))
  const note = folders.includes(data) ? folders.join(' and ') : `${data}: there is nothing yet`
  return { place: 'stored', findings, note }
}

/** The journal of the service, its last lines. A user who may not read it gets an empty one and a hint. */
function logged(look: Look): Searched {
  const place = 'logged'
  const args = ['--unit=drempel', '--output=cat', '--no-pager', `--lines=${logLines}`]
  const { stdout, stderr, error, status } = spawnSync('journalctl', args, { maxBuffer: longestLog })
  if (systemCode(error) === 'ENOENT') return { place, findings: nothing, note: 'no journal on this machine' }
  const mayNot = status !== 0 || /permission|not seeing/i.test(stderr.toString('latin1'))
  if (error || mayNot) {
    const reason = error ? describeError(error) : 'this user may not read it'
    return { place, findings: gap('the journal of the service', reason), note: 'the journal' }
  }
  const isEmpty = stdout.length === 0 || stdout.toString('latin1', 0, 20).startsWith('-- No entries')
  const note = isEmpty ? 'the journal has nothing of the service' : 'the journal of the service'
  return { place, findings: searchBytes(look, 'the journal', stdout), note }
}

/** Files of devices that BlueZ merely heard. In RAM they are gone when the power goes; on a disk they are a trace. */
function noted(look: Look): Searched {
  const place = 'noted'
  if (!existsSync(bluetooth)) return { place, findings: nothing, note: 'BlueZ has noted nothing on this machine' }
  const found = cachesOf(look)
  if (notesOf(mounts()) === 'disk') return { place, findings: found, note: "BlueZ's cache, which lies on the disk" }
  const note = `BlueZ's cache: ${found.found.length} times an address, in RAM only`
  return { place, findings: { ...found, found: [] }, note }
}

function cachesOf(look: Look): Findings {
  try {
    const folders = readdirSync(bluetooth).map((adapter) => join(bluetooth, adapter, 'cache'))
    return joinFindings(folders.filter((folder) => existsSync(folder)).map((folder) => searchFolder(look, folder)))
  } catch (error) {
    return gap(bluetooth, describeError(error))
  }
}

/** BlueZ names a folder after each adapter's own address. */
function adapters(): string[] {
  try {
    return readdirSync(bluetooth)
  } catch {
    return []
  }
}

function gap(place: string, reason: string): Findings {
  return { ...nothing, unsearched: [{ place, reason }] }
}
