import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import { describeFindings } from '../../src/box/findings.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { needlesOf } from '../../src/box/needles.ts'
import { searchBytes, searchFile, searchFolder } from '../../src/box/places.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { trials } from '../support/need.ts'

const spelled = 'C7:1D:5E:AD:BE:EF'
const look = createMatcher(needlesOf([{ name: 'address', bytes: Buffer.from('c71d5eadbeef', 'hex') }], []))
const label = "address: upper hex with ':'"
const random = createRandom('places')
/** Lines that do not pack well, so that a stream of them is long. */
const chatter = Array.from({ length: 4000 }, () => `${random.unit()} somebody passed\n`).join('')

function folderWith(files: Readonly<Record<string, Buffer | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-places-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

function foundIn(content: Buffer | string): string[] {
  const { found } = searchBytes(look, 'it', Buffer.from(content))
  return found.filter((one) => one.label === label).map(({ place, offset }) => `${place} @ ${offset}`)
}

describe('a search of bytes', () => {
  it('says where', () => {
    expect(foundIn(`{"at":"${spelled}"}`)).toEqual(['it @ 7'])
    expect(foundIn(chatter)).toEqual([])
  })

  it('looks into gzip with a name and a comment in its header, behind other bytes', () => {
    const plain = gzipSync(spelled)
    const named = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8 | 16]), plain.subarray(4, 10), Buffer.from('a\0b\0')])
    expect(foundIn(Buffer.concat([Buffer.from('xyz'), named, plain.subarray(10)]))).toEqual(['it > gzip at 3 @ 0'])
  })

  it('looks into a stream up to where it is cut off or written over', () => {
    const stream = gzipSync(`${chatter}${spelled}${chatter}`)
    expect(foundIn(stream.subarray(0, stream.length * 0.7))).toEqual([`it > gzip at 0 @ ${chatter.length}`])
    const damaged = Buffer.concat([stream.subarray(0, stream.length * 0.7), Buffer.alloc(4096, 0xff)])
    expect(foundIn(damaged)).toEqual([`it > gzip at 0 @ ${chatter.length}`])
  })

  it('looks into a zip file', () => {
    const head = Buffer.alloc(30)
    head.write('PK\x03\x04', 'latin1')
    head.writeUInt16LE(5, 26)
    const packed = deflateRawSync(`${chatter}${spelled}`)
    expect(foundIn(Buffer.concat([head, Buffer.from('a.txt'), packed]))).toContain(`it > zip at 0 @ ${chatter.length}`)
  })

  it('decodes base64 with line breaks, and behind letters that are none of it', () => {
    const gzipped = gzipSync(`${chatter}${spelled}`)
    const lines = gzipped.toString('base64').replace(/.{76}/g, '$&\r\n')
    expect(foundIn(lines)).toEqual([`it > base64 at 0 > gzip at 0 @ ${chatter.length}`])
    const glued = `/data/${gzipped.toString('base64url')}`
    expect(foundIn(glued)).toEqual([expect.stringMatching(/^it > base64 at 0 > gzip at \d @ \d+$/)])
  })

  it('decodes the hex of a stream', () => {
    expect(foundIn(gzipSync(`${chatter}${spelled}`).toString('hex'))).toContain(
      `it > hex at 0 > gzip at 0 @ ${chatter.length}`,
    )
  })

  it('looks three layers deep', () => {
    const layers = (count: number) =>
      Array.from({ length: count }).reduce<string>((inner) => Buffer.from(inner).toString('base64'), chatter + spelled)
    expect(foundIn(layers(3))).toHaveLength(1)
    expect(foundIn(layers(4))).toHaveLength(0)
  })

  it('tells of a stream that is too long to be unpacked whole', () => {
    const { unsearched, found } = searchBytes(
      look,
      'it',
      gzipSync(Buffer.concat([Buffer.from(spelled), Buffer.alloc(2 ** 26)])),
    )
    expect(found.length).toBeGreaterThan(0)
    expect(unsearched).toEqual([{ place: 'it > gzip at 0', reason: 'too long to be unpacked whole' }])
  })
})

describe('bytes of any kind', () => {
  it('are searched without a complaint', () => {
    const plain = gzipSync(chatter)
    const packed = [plain, deflateRawSync(chatter), Buffer.from(plain.toString('base64')), brotliCompressSync(chatter)]
    for (let round = 0; round < trials(200, 5000); round++) {
      const content = Buffer.from(random.pick(packed))
      for (let change = 0; change < 5; change++) content[random.below(content.length)] = random.below(256)
      const { bytes, found } = searchBytes(look, 'it', content.subarray(random.below(20), random.below(content.length)))
      expect(found).toEqual([])
      expect(bytes).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('a search of a folder', () => {
  it('covers files below, names and the targets of links, and does not print a name that was found', () => {
    const folder = folderWith({ 'log.txt': spelled, [`cache ${spelled}`]: `and ${spelled}` })
    mkdirSync(join(folder, 'below'))
    symlinkSync(`/nowhere/${spelled}`, join(folder, 'below', 'link'))
    const findings = searchFolder(look, folder)
    const places = findings.found
      .filter((one) => one.label === label)
      .map(({ place }) => place.replace(/drempel-places-\w+/, 'F'))
    expect(places.toSorted()).toEqual(['F/(its name was found)', 'F/below/link', 'F/log.txt', 'a name in F'])
    expect(describeFindings(findings)).not.toContain(spelled)
  })

  it('tells of what it could not read', () => {
    const folder = folderWith({})
    expect(searchFolder(look, join(folder, 'gone')).unsearched).toEqual([{ place: 'gone', reason: 'ENOENT' }])
  })

  it('finds what stands across the border of two parts of a long file, once', () => {
    const folder = folderWith({ long: '' })
    const part = 16 * 2 ** 20
    for (const offset of [part - 17, part - 9, part - 1, part, part + 1]) {
      truncateSync(join(folder, 'long'), 0)
      writeFileSync(
        join(folder, 'long'),
        Buffer.concat([Buffer.alloc(offset), Buffer.from(spelled), Buffer.alloc(part)]),
      )
      const { found, bytes } = searchFile(look, join(folder, 'long'), 'long')
      expect(found.filter((one) => one.label === label)).toEqual([{ place: 'long', label, offset }])
      expect(bytes).toBeGreaterThanOrEqual(offset + spelled.length + part)
    }
  })

  it('goes on decoding a run that is longer than a part', () => {
    const content = Buffer.alloc(21 * 2 ** 20, 'somebody')
    content.set(Buffer.from('c71d5eadbeef', 'hex'), 20 * 2 ** 20)
    const folder = folderWith({ long: content.toString('base64') })
    const { found } = searchFile(look, join(folder, 'long'), 'long')
    const decoded = found.filter((one) => one.label === 'address: bytes').map(({ place }) => place)
    expect(decoded).toEqual([expect.stringMatching(/^long > base64 at \d+$/)])
  })

  it('tells of what is neither a file nor a folder, and does not wait for it', () => {
    const folder = folderWith({})
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(searchFolder(look, folder).unsearched).toEqual([
      { place: expect.stringMatching(/pipe$/), reason: 'neither a file nor a folder' },
    ])
  })

  it('finds nothing in our own database once a row is deleted and its old versions are forgotten', () => {
    const folder = folderWith({})
    const database = openDatabase(join(folder, 'box.db'), [{ name: 'test/1', sql: 'CREATE TABLE heard (text TEXT)' }])
    const labels = () => searchFolder(look, folder).found.map((one) => one.label)
    database.connection.prepare('INSERT INTO heard VALUES (?)').run(spelled)
    expect(labels()).toContain(label)
    database.connection.exec('DELETE FROM heard')
    expect(labels()).toContain(label)
    database.forgetOldVersions()
    expect(labels()).toEqual([])
    database.close()
  })
})

describe('the report', () => {
  it('is words for people, with the first findings and what was not searched', () => {
    const found = Array.from({ length: 3 }, (_, offset) => ({ place: 'a log', label: 'address: bytes', offset }))
    const unsearched = [{ place: 'a pipe', reason: 'neither a file nor a folder' }]
    expect(describeFindings({ found, unsearched, bytes: 2_500_000 }, 2).split('\n')).toEqual([
      'Found 3 times in 2.5 MB:',
      '- address: bytes, in a log at 0',
      '- address: bytes, in a log at 1',
      '- and 1 more',
      '- not searched: a pipe (neither a file nor a folder)',
    ])
    expect(describeFindings({ found: [], unsearched: [], bytes: 0 })).toBe('Nothing was found in 0.0 MB.')
  })
})
