import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock } from '../../src/base/clock.ts'
import { day, hour, minute } from '../../src/base/duration.ts'
import { openConsentFolder } from '../../src/consent/folder.ts'
import type { KeptTag } from '../../src/shopper/tag.ts'
import { aBox, type Box, boxKey, configOf, join30, noon, receiptOf } from '../shoppers/box.ts'
import { enrolTag, type Radios, withRadios } from '../shoppers/radios.ts'

/** What is true of one shopper, whatever happens to the card. */
export interface Person {
  readonly name: string
  readonly is: 'granted' | 'paused' | 'ended'
  readonly secret: string
  /** All that they ever had. */
  readonly handles: readonly string[]
  readonly tag: KeptTag | undefined
  /** Of their key. */
  readonly slot: number | null
}

/** A box with shoppers of every kind, as its files lie on the card. */
export interface ShoppersImage {
  readonly files: ReadonlyMap<string, Buffer>
  readonly people: readonly Person[]
  /** Handles that have ended of people who agree to something else still. */
  readonly ended: readonly string[]
  readonly now: number
}

interface Joined {
  readonly secret: string
  readonly handles: readonly string[]
  readonly id: string
  readonly tag: KeptTag | undefined
}

function joins(box: Box, radios: Radios, days: number, hasTag = true): Joined {
  const choices = [
    { purpose: 'offers', days },
    { purpose: 'presence', days },
  ]
  const { secret, handles, id } = receiptOf(box.inTheShop({ ...join30, choices }))
  return { secret, handles, id, tag: hasTag ? enrolTag(box, radios, secret).kept() : undefined }
}

function fresh(box: Box): string {
  const offer = box.ask({ ask: 'offer', language: 'nl' })
  return offer.state === 'offer' ? offer.fresh : ''
}

/**
 * Some days of a shop: all that can become of an agreement, and signals that wait.
 * @param isLogged whether the last of it lies in the write-ahead log only, as after a power cut
 */
export function makeShoppersImage(scratch: string, isLogged = true): ShoppersImage {
  const folder = join(scratch, isLogged ? 'logged' : 'original')
  mkdirSync(folder, { recursive: true })
  const box = aBox(configOf(), manualClock(noon), folder)
  box.pass(1000)
  const radios = withRadios(box)
  const forgotten = joins(box, radios, 30)
  box.ask({ ask: 'leave', secret: forgotten.secret })
  const [dave, erin, alice, bob, carol] = [1, 2, 3, 4, 5].map((i) => joins(box, radios, i === 2 ? 1 : 30)) as Joined[]
  box.pass(hour, minute)
  box.ask({ ask: 'leave', secret: dave!.secret })
  const change = (purpose: string, days: number | null) =>
    receiptOf(box.ask({ ask: 'change', secret: bob!.secret, fresh: fresh(box), purpose, days, language: 'nl' })).handles
  const [kept] = [change('presence', null), change('offers', 20)]
  const ended = bob!.handles.filter((handle) => !kept!.includes(handle))
  box.pass(2 * day, 10 * minute)
  withFolder(box, (consents) => consents.tidy(2 * day + 30 * minute))
  box.close()
  box.open()
  radios.listen()
  // From here on nothing is written back: it lies in the log only, as after a power cut.
  const { database } = box.storage
  Object.assign(database, { forgetOldVersions: () => {} })
  if (isLogged) database.connection.pragma('wal_autocheckpoint = 0')
  box.ask({ ask: 'pause', secret: carol!.secret })
  const [ida, hal, fay] = [1, 2, 3].map((i) => joins(box, radios, 30, i !== 2)) as Joined[]
  box.pass(20 * minute, minute)
  box.ask({ ask: 'leave', secret: ida!.secret })
  // By the command, while nobody tells head office.
  const slots = withFolder(box, (consents) => {
    consents.withdraw(fay!.id, 'all', 'command')
    return new Map([...consents.records()].map(({ id, slot }) => [id, slot]))
  })
  if (!isLogged) database.connection.pragma('wal_checkpoint(TRUNCATE)')
  const files = filesOf(folder)
  const now = box.clock.now()
  const person = (name: string, is: Person['is'], { secret, handles, tag, id }: Joined): Person => {
    return { name, is, secret, handles, tag, slot: slots.get(id) ?? null }
  }
  box.close()
  const people = [
    person('alice', 'granted', alice!),
    person('bob', 'granted', { ...bob!, handles: kept! }),
    person('carol', 'paused', carol!),
    person('dave', 'ended', dave!),
    person('erin', 'ended', erin!),
    person('fay', 'ended', fay!),
    person('hal', 'granted', hal!),
    person('ida', 'ended', ida!),
  ]
  return { files, people, ended, now }
}

/** Changes agreements as the command does: nothing is handed over to head office. */
export function withFolder<T>(box: Box, work: (consents: ReturnType<typeof openConsentFolder>) => T): T {
  const { database, file } = box.storage
  const { store, controller, purposes } = configOf()
  const offer = { country: store.country, languages: store.languages, controller, purposes }
  const consents = openConsentFolder({ database, file, key: boxKey, clock: box.clock, offer })
  try {
    return work(consents)
  } finally {
    consents.close()
  }
}

export function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name !== 'drempel.db-shm')
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]))
}

/** All that a box of the image can change of the keys, unless it erases every place. */
const takenBytes = 64 * 1024

/** @param isKept whether the folder holds these files already, and only a few keys were written since */
export function putFiles(folder: string, files: ReadonlyMap<string, Buffer>, isKept = false): void {
  for (const name of readdirSync(folder)) if (!isKept || name !== keysFile) rmSync(join(folder, name))
  for (const [name, bytes] of files) {
    if (!isKept || name !== keysFile) writeFileSync(join(folder, name), bytes)
    else writeFileSync(join(folder, name), bytes.subarray(0, takenBytes), { flag: 'r+' })
  }
}

const keysFile = 'consent.keys'
