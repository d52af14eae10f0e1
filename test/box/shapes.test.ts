import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import { searchFolder } from '../../src/box/places.ts'
import { createShapeLook } from '../../src/box/shapes.ts'
import { journalMigrations } from '../../src/privacy/journal.ts'

const look = createShapeLook({ allowed: ['B8:27:EB:12:34:AF', 'drempel-dca632aabbcc'] })

function seenIn(content: string | Buffer): string[] {
  return look(Buffer.from(content)).map(({ label }) => label)
}

describe('what is shaped like an address', () => {
  it.each([
    ['heard C7:1D:5E:AD:BE:EF.', 'address with colons'],
    ['"c7:1d:5e:ad:be:ef"', 'address with colons'],
    ['C7-1D-5E-AD-BE-EF', 'address with dashes'],
    ['/org/bluez/hci0/dev_C7_1D_5E_AD_BE_EF', 'BlueZ device path'],
    ['{"mac":"c71d5eadbeef"}', 'twelve digits next to a word for address'],
    ['BD_ADDR=C71D5EADBEEF', 'twelve digits next to a word for address'],
    ['address: 0xc71d5eadbeef', 'twelve digits next to a word for address'],
  ])('is seen in %s', (content, label) => {
    expect(seenIn(content)).toEqual([label])
    expect(seenIn(Buffer.from(content, 'utf16le'))).toEqual([`${label}, UTF-16`])
  })

  it('is told with its place', () => {
    expect(look(Buffer.from('at C7:1D:5E:AD:BE:EF'))).toEqual([{ label: 'address with colons', offset: 3 }])
    expect(look(Buffer.from('at C7:1D:5E:AD:BE:EF', 'utf16le'))[0]?.offset).toBe(6)
  })

  it.each([
    ['an allowed address', 'adapter b8:27:eb:12:34:af, dev_B8_27_EB_12_34_AF'],
    ['the end of an allowed client id', '"mac":"DCA632AABBCC"'],
    ['nobody', '00:00:00:00:00:00 ff:ff:ff:ff:ff:ff'],
    ['a fingerprint', 'SHA1 Fingerprint=C7:1D:5E:AD:BE:EF:C7:1D:5E:AD:BE:EF:C7:1D:5E:AD:BE:EF:01:02'],
    ['a UUID', 'device 11121314-1516-1718-191a-1b1c1d1e1f20'],
    ['a time', '24-11-23-10-20-30 and 10:20:30:40:50:59'],
    ['an IPv6 address', 'fe80:0:0:0:c7:1d:5e:ad'],
    ['a long hash', 'address c71d5eadbeefc71d5eadbeef'],
    ['a word without digits', 'machine: deadbeefcafe'],
  ])('is not seen in %s', (_, content) => {
    expect(seenIn(content)).toEqual([])
  })

  it('is seen neither in the node binary nor in a new database', () => {
    const program = readFileSync(process.execPath)
    expect(program.length).toBeGreaterThan(50_000_000)
    expect(seenIn(program)).toEqual([])
    const folder = mkdtempSync(join(tmpdir(), 'drempel-shapes-'))
    openDatabase(join(folder, 'box.db'), journalMigrations).close()
    expect(searchFolder(look, folder)).toMatchObject({ found: [], unsearched: [] })
  })
})
