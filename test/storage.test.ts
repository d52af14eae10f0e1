import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { boxKey } from '../src/base/data-folder.ts'
import { condemn } from '../src/base/database.ts'
import { chooseConfig, isAcceptedBroken } from '../src/commands/accepted.ts'
import { type ReleaseRow, tagOf } from '../src/privacy/journal-rows.ts'
import {
  type Box,
  type Image,
  layOut,
  makeImage,
  makeScratch,
  openBox,
  payloadsOf,
  servedBy,
} from './support/damaged-box.ts'
import { listeningLog } from './support/outbox.ts'

const scratch = makeScratch()
let image: Image
beforeAll(() => {
  image = makeImage(scratch)
})
afterAll(() => rmSync(scratch, { recursive: true }))

/** Opens the box on a folder that `change` was done to, and closes it again. */
function withBox<T>(change: (folder: string) => void, look: (box: Box, folder: string) => T): T {
  const folder = layOut(scratch, image.files)
  change(folder)
  const box = openBox(folder, image.truth.now)
  try {
    return look(box, folder)
  } finally {
    box.storage.database.close()
  }
}

const cutHeader = (folder: string) => {
  const path = join(folder, 'drempel.db')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0, 0, 100))
}

describe('a sound folder', () => {
  it('is opened without a word, and today is drawn', () => {
    const { errors, quarantined, until } = withBox(
      () => {},
      ({ storage, errors }) => ({
        errors: errors(),
        quarantined: storage.quarantined(),
        until: storage.journal.restoredUntil(),
      }),
    )
    expect({ errors, quarantined, until }).toEqual({ errors: [], quarantined: 0, until: undefined })
  })

  it('has a chain that holds from the first entry to the last', () => {
    expect(
      withBox(
        () => {},
        ({ storage }) => storage.journal.verify(),
      ),
    ).toMatchObject({ firstBroken: null, next: null })
  })
})

describe('a charge whose number was drawn, as a salvage may find it', () => {
  it('takes the number from the message that waits, and the box starts', () => {
    const folder = layOut(scratch, image.files)
    const before = openBox(folder, image.truth.now)
    const { connection } = before.storage.database
    const key = boxKey(folder)
    const drawn = connection
      .prepare<[], ReleaseRow>('SELECT * FROM release WHERE payload IS NOT NULL ORDER BY seq DESC LIMIT 1')
      .get()!
    const tag = tagOf(key, { ...drawn, payload: null, chain: null })
    connection.prepare('UPDATE release SET payload = NULL, chain = NULL, tag = ? WHERE seq = ?').run(tag, drawn.seq)
    before.storage.database.close()
    const box = openBox(folder, image.truth.now)
    expect(box.storage.journal.unfinished().map(({ seq }) => seq)).not.toContain(drawn.seq)
    expect(box.storage.journal.payloads(drawn.series, drawn.day).map(String)).toContain(String(drawn.payload))
    box.wall.tick()
    expect(box.sent.map(({ release }) => release.seq)).not.toContain(drawn.seq)
    box.storage.database.close()
  })
})

describe('a database without a header', () => {
  it('is set aside, and every row goes on', () => {
    withBox(cutHeader, ({ storage }, folder) => {
      expect(servedBy(storage)).toEqual(image.truth.served)
      expect(payloadsOf(storage)).toEqual(image.truth.payloads)
      expect(storage.journal.lastSeq()).toBe(image.truth.lastSeq)
      expect(storage.quarantined()).toBeGreaterThan(0)
      expect(readdirSync(folder).some((name) => name.startsWith('drempel.db.damaged-'))).toBe(true)
      storage.tidy(Date.now() + 2 * 86_400_000)
      expect(readdirSync(folder).some((name) => name.includes('damaged'))).toBe(false)
    })
  })

  it('is salvaged anew when the power went in the midst of it', () => {
    withBox(
      (folder) => {
        cutHeader(folder)
        openBox(folder, image.truth.now).storage.database.close()
        const aside = readdirSync(folder).find((name) => /damaged-[^w]*$/.test(name))!
        // As if the new database had not been finished.
        writeFileSync(join(folder, 'drempel.db.salvage'), join(folder, aside))
        writeFileSync(join(folder, 'drempel.db'), '')
      },
      ({ storage }, folder) => {
        expect(servedBy(storage)).toEqual(image.truth.served)
        expect(existsSync(join(folder, 'drempel.db.salvage'))).toBe(false)
      },
    )
  })

  it('draws nothing of the day in doubt, and counts again on the next', () => {
    withBox(cutHeader, (box) => {
      box.until(new Date(image.truth.now + 23.5 * 3_600_000).toISOString())
      const byDay = (day: string) => box.sent.filter(({ release }) => release.window.start.startsWith(day))
      expect(new Set(byDay('2026-11-23').map(({ release }) => release.missing))).toEqual(
        // What was charged before the power went is lost all the same.
        new Set(['lost', 'restored']),
      )
      expect(byDay('2026-11-24').every(({ release }) => release.missing === null)).toBe(true)
      expect(byDay('2026-11-24').length).toBeGreaterThan(0)
    })
  })
})

describe('a file that a check found damaged though it opens', () => {
  it('is salvaged at the next start', () => {
    withBox(
      (folder) => condemn(join(folder, 'drempel.db')),
      ({ storage, errors }) => {
        expect(errors().join()).toContain('was salvaged')
        expect(servedBy(storage)).toEqual(image.truth.served)
      },
    )
  })
})

describe('a row of the journal that was changed', () => {
  it('is named by the walk along the chain, and its slot stays charged', () => {
    withBox(
      () => {},
      ({ storage }) => {
        const { connection } = storage.database
        connection.exec('UPDATE release SET payload = replace(payload, \'"in":\', \'"in":1\') WHERE seq = 20')
        const { firstBroken } = storage.journal.verify()
        expect(firstBroken).toMatchObject({ seq: 20 })
        const { series, start } = firstBroken!
        expect(storage.journal.has(series, { day: '', start, end: 0 })).toBe(true)
        expect(storage.journal.broken()).toEqual([20])
      },
    )
  })
})

describe('what is kept twice', () => {
  it('is mended from its copy, and with both gone the box says so and what to do', () => {
    const folder = layOut(scratch, image.files)
    writeFileSync(join(folder, 'key'), 'x')
    expect(boxKey(folder).toString('hex')).toBe(image.truth.key)
    expect(readFileSync(join(folder, 'key'))).toEqual(image.files.get('key'))
    for (const name of ['accepted.json', 'accepted-copy.json']) writeFileSync(join(folder, name), '{"text":"a"}')
    expect(isAcceptedBroken(folder)).toBe(true)
    const choose = () => chooseConfig({ text: '', file: 'shop.yaml' }, folder, listeningLog().log)
    expect(choose).toThrow(expect.objectContaining({ code: 'CONFIG_ACCEPTED_BROKEN' }))
    for (const name of ['key', 'key-copy']) writeFileSync(join(folder, name), 'x')
    expect(() => boxKey(folder)).toThrow(expect.objectContaining({ code: 'BASE_KEY_BROKEN' }))
  })
})
