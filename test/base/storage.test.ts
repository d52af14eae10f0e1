import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBallast } from '../../src/base/ballast.ts'
import { boxKey, openDataFolder, writeDurably } from '../../src/base/data-folder.ts'
import { openDatabase } from '../../src/base/database.ts'
import type { ErrorCode } from '../../src/base/errors.ts'
import { openRuntimeFile } from '../../src/base/runtime-file.ts'
import { readText } from '../../src/base/text-file.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drempel-base-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})
const coded = (code: ErrorCode) => expect.objectContaining({ code })

describe('the data folder', () => {
  test('is private, keeps its key, and can be opened again after closing', () => {
    const path = join(folder, 'a', 'data')
    const first = openDataFolder(path, 'run')
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'key')).mode & 0o777).toBe(0o600)
    expect(first.key).toHaveLength(32)
    first.close()
    first.close()
    const second = openDataFolder(path, 'run')
    expect(second.key.equals(first.key)).toBe(true)
    expect(boxKey(path).equals(first.key)).toBe(true)
    second.close()
  })

  test('belongs to one process at a time', () => {
    const held = openDataFolder(folder, 'run')
    expect(() => openDataFolder(folder, 'run')).toThrow(coded('BASE_DATA_FOLDER_IN_USE'))
    held.close()
    openDataFolder(folder, 'run').close()
  })

  test.each([
    ['a process that is gone', () => String(spawnSync('true').pid)],
    ['a process id that another process has now', () => `${process.pid} another-boot/1`],
    ['an empty file', () => ''],
    ['garbage', () => 'x y z'],
  ])('is taken over from the lock of %s', (_, lock) => {
    writeFileSync(join(folder, 'lock'), lock())
    openDataFolder(folder, 'run').close()
  })

  test.each([
    ['run', 'replay'],
    ['replay', 'run'],
    ['demo', 'run'],
  ] as const)('of %s is refused to %s, and then not left locked', (first, second) => {
    openDataFolder(folder, first).close()
    expect(() => openDataFolder(folder, second)).toThrow(coded('BASE_DATA_FOLDER_OTHER_MODE'))
    openDataFolder(folder, first).close()
  })

  test('has files that are replaced whole', () => {
    const file = join(folder, 'file')
    writeDurably(file, 'one')
    writeDurably(file, 'two')
    expect(readFileSync(file, 'utf8')).toBe('two')
    expect(existsSync(`${file}.new`)).toBe(false)
  })
})

describe('the database', () => {
  const migrations = [{ name: 'test/1', sql: 'CREATE TABLE note (text TEXT)' }]
  const count = (file: string) => {
    const database = openDatabase(file, migrations)
    const found = database.connection.prepare<[], number>('SELECT count(*) FROM note').pluck().get()
    database.close()
    return found
  }

  test('takes each step of its schema once', () => {
    const file = join(folder, 'a.db')
    openDatabase(file, migrations).close()
    const more = [...migrations, { name: 'test/2', sql: 'ALTER TABLE note ADD COLUMN at INTEGER' }]
    for (let i = 0; i < 2; i++) {
      const database = openDatabase(file, more)
      database.connection.prepare('INSERT INTO note VALUES (?, ?)').run('a', 1)
      database.close()
    }
  })

  test('of a newer version is left alone', () => {
    const file = join(folder, 'a.db')
    openDatabase(file, [...migrations, { name: 'test/9', sql: 'CREATE TABLE later (x)' }]).close()
    expect(() => openDatabase(file, migrations)).toThrow(coded('BASE_DATABASE_NEWER'))
  })

  test('with a migration name that no version writes is broken, not newer', () => {
    const file = join(folder, 'a.db')
    const database = openDatabase(file, migrations)
    database.connection.prepare('INSERT INTO migration VALUES (?)').run('tes\u0001/9')
    database.close()
    expect(() => openDatabase(file, migrations)).toThrow(coded('BASE_DATABASE_BROKEN'))
  })

  test('that is no database, or broken, is said to be', () => {
    const file = join(folder, 'a.db')
    writeFileSync(file, 'this is a shopping list and no database at all. '.repeat(100))
    expect(() => openDatabase(file, migrations)).toThrow(coded('BASE_DATABASE_BROKEN'))
    expect(() => openDatabase(join(folder, 'none', 'a.db'), migrations)).toThrow(coded('BASE_DATABASE_BROKEN'))
    const cut = join(folder, 'b.db')
    openDatabase(cut, migrations).close()
    truncateSync(cut, 600)
    expect(() => openDatabase(cut, migrations)).toThrow(coded('BASE_DATABASE_BROKEN'))
  })

  test('keeps all of a transaction or nothing', () => {
    const file = join(folder, 'a.db')
    const database = openDatabase(file, migrations)
    const insert = database.connection.prepare('INSERT INTO note VALUES (?)')
    const fail = () => {
      insert.run('lost')
      throw new Error('midway')
    }
    expect(() => database.transaction(fail)).toThrow('midway')
    expect(() => database.lazyTransaction(fail)).toThrow('midway')
    database.transaction(() => {
      insert.run('outer')
      expect(() => database.transaction(fail)).toThrow('midway')
      database.lazyTransaction(() => insert.run('inner'))
    })
    database.close()
    expect(count(file)).toBe(2)
  })

  test('goes back to full durability after a lazy transaction', () => {
    const database = openDatabase(join(folder, 'a.db'), migrations)
    const level = () => database.connection.pragma('synchronous', { simple: true })
    expect(database.lazyTransaction(level)).toBe(1)
    expect(level()).toBe(2)
    database.close()
  })
})

describe('the ballast', () => {
  test('takes room, gives it free once, and takes it again', () => {
    const ballast = openBallast(folder, 100_000)
    expect([ballast.isHeld, statSync(join(folder, 'ballast')).size]).toEqual([true, 100_000])
    expect([ballast.release(), ballast.release(), ballast.isHeld]).toEqual([true, false, false])
    expect(existsSync(join(folder, 'ballast'))).toBe(false)
    expect([ballast.remake(), ballast.isHeld]).toEqual([true, true])
  })

  test('is found again by the next process', () => {
    openBallast(folder, 100_000)
    const before = statSync(join(folder, 'ballast')).mtimeMs
    expect(openBallast(folder, 100_000).isHeld).toBe(true)
    expect(statSync(join(folder, 'ballast')).mtimeMs).toBe(before)
  })

  test('takes nothing from a disk that has little', () => {
    expect(openBallast(folder, 2 ** 50).isHeld).toBe(false)
  })
})

describe('the file in RAM', () => {
  test('holds the last thing written, for the same data folder only', () => {
    const file = openRuntimeFile(folder, 'open.json')
    if (!file) return
    expect(file.read()).toBeUndefined()
    file.write('one')
    file.write('two')
    expect(openRuntimeFile(folder, 'open.json')?.read()).toBe('two')
    expect(openRuntimeFile(`${folder}/other`, 'open.json')?.read()).toBeUndefined()
    file.remove()
    file.remove()
    expect(file.read()).toBeUndefined()
  })

  test('lies where systemd says, and does not complain when that is gone', () => {
    process.env.RUNTIME_DIRECTORY = folder
    try {
      const file = openRuntimeFile('/anything', 'open.json')
      file?.write('here')
      expect(readFileSync(join(folder, 'open.json'), 'utf8')).toBe('here')
      rmSync(folder, { recursive: true })
      file?.write('nowhere')
      expect(file?.read()).toBeUndefined()
    } finally {
      delete process.env.RUNTIME_DIRECTORY
    }
  })
})

describe('a text file', () => {
  test('is read, or said in one clause why not', () => {
    writeFileSync(join(folder, 'good'), 'é')
    writeFileSync(join(folder, 'bad'), Buffer.from([0xc3]))
    writeFileSync(join(folder, 'long'), 'x'.repeat(100))
    expect(readText(join(folder, 'good'), 10)).toEqual({ text: 'é' })
    expect(readText(join(folder, 'bad'), 10)).toEqual({ reason: 'it is not UTF-8 text' })
    expect(readText(join(folder, 'long'), 10)).toEqual({ reason: 'it is longer than 10 bytes' })
    expect(readText(join(folder, 'none'), 10)).toEqual({ reason: 'it does not exist' })
    expect(readText(folder, 10)).toEqual({ reason: 'it is a folder' })
    expect(readText('/dev/zero', 10)).toEqual({ reason: 'it is longer than 10 bytes' })
  })

  test.skipIf(process.getuid?.() === 0)('of somebody else is said to be', () => {
    writeFileSync(join(folder, 'mine'), '')
    chmodSync(join(folder, 'mine'), 0)
    expect(readText(join(folder, 'mine'), 10)).toEqual({ reason: 'this user may not read it' })
  })
})
