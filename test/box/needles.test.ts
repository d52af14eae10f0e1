import { describe, expect, it } from 'vitest'
import { lackingHashes } from '../../src/box/digests.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { needlesOf } from '../../src/box/needles.ts'

const address = { name: 'address', bytes: Buffer.from('c71d5eadbeef', 'hex') }
const person = { name: 'name', text: "Zoë's iPhone" }
const id = { name: 'id', bytes: Buffer.from('1112131415161718191a1b1c1d1e1f20', 'hex') }
const known = [{ name: 'store id', value: 'rotterdam-12' }]
const needles = needlesOf([address, person, id], known)
const look = createMatcher(needles)

function labelsIn(content: Buffer | string): string[] {
  return look(Buffer.concat([Buffer.from(' ?'), Buffer.from(content), Buffer.from('. ')])).map(({ label }) => label)
}

const hex = (text: string) => Buffer.from(text, 'hex')

// The right side was made with Python's hashlib, hmac, base64, struct, uuid and zlib: nothing of ours vouches for ours.
const leftByOthers: [label: string, left: Buffer | string][] = [
  ['bytes', hex('c71d5eadbeef')],
  ['reversed bytes', hex('efbead5e1dc7')],
  ["upper hex with ':'", 'C7:1D:5E:AD:BE:EF'],
  ["lower hex with '', reversed", 'efbead5e1dc7'],
  ["upper hex with '-'", 'C7-1D-5E-AD-BE-EF'],
  ["lower hex with ' '", '<Buffer c7 1d 5e ad be ef>'],
  ["lower hex with '.' after four", 'c71d.5ead.beef'],
  ['BlueZ path', '/org/bluez/hci0/dev_C7_1D_5E_AD_BE_EF'],
  ['decimal', '218928956423919'],
  ['decimal, reversed', '263602231451079'],
  ['base 36', '25lqko2rcf'],
  ['bytes, base64 0 bytes in', 'xx1erb7vdGFpbA=='],
  ['bytes, base64 1 bytes in', 'eMcdXq2+73RhaWw='],
  ['bytes, base64url 1 bytes in', 'eMcdXq2-73RhaWw'],
  ['bytes, base64 2 bytes in', 'eHnHHV6tvu90YWls'],
  ["upper hex with ':', base64 0 bytes in", 'Qzc6MUQ6NUU6QUQ6QkU6RUYifQ=='],
  ["upper hex with ':', base64 1 bytes in", 'e0M3OjFEOjVFOkFEOkJFOkVGIn0='],
  ["upper hex with ':', base64 2 bytes in", 'eyJDNzoxRDo1RTpBRDpCRTpFRiJ9'],
  ['bytes, base32 1 bytes in', 'OHDR2XVNX3XXU6Q='],
  ["lower hex with ':', base32 3 bytes in", 'OFYXCYZXHIYWIORVMU5GCZB2MJSTUZLGPJ5A===='],
  ['double', hex('e0ddb7d5abe3e842')],
  ['big-endian double, reversed', hex('42edf7d5abc3b8e0')],
  ["upper hex with ':', UTF-16", hex('430037003a00310044003a00350045003a00410044003a00420045003a0045004600')],
  ["upper hex with ':', hex", '43373a31443a35453a41443a42453a4546'],
  ["upper hex with ':', URL escapes", 'C7%3A1D%3A5E%3AAD%3ABE%3AEF'],
  ['decimal bytes with spaces', '[199, 29, 94, 173, 190, 239]'],
  ['decimal bytes', '{"type":"Buffer","data":[199,29,94,173,190,239]}'],
  ['URL escapes, upper case', '%C7%1D%5E%AD%BE%EF'],
  ['\\x escapes', '\\xc7\\x1d\\x5e\\xad\\xbe\\xef'],
  ['as Latin-1 text in UTF-8', hex('c3871d5ec2adc2bec3af')],
  ['32 bits for each byte', hex('c70000001d0000005e000000ad000000be000000ef000000')],
  ["sha256 of upper hex with ':', hex", 'eb1761635c5aacc55d20a16365def11396fc16271a20eeb7f65568d2cb577dc9'],
  ['sha1 of bytes, bytes', hex('4bc57c1fde83ed2e846d3d980594f5eda7457b6f')],
  ['sha1 of bytes, hex', '4bc57c1fde83ed2e'],
  ['md5 of reversed bytes, base64', '/Z6pvjBot6sAgxOGlJ+kfA=='],
  [
    "sha512 of lower hex with ':' salted before with store id, bytes",
    hex('166f4653b1f0cb82e2eb218c3e03c980923f19ea2d111f08da0e7b07ab4d3743'),
  ],
  [
    "sha384 of lower hex with '' salted after with store id and ':', hex",
    '3920221044e39db19c43f55fc329478b05288bceeb8e399d14f7adf11008069b0da264161173fed556c0968f7f7cc6f2',
  ],
  ['sha224 of BlueZ path, upper hex', 'F38FA85F5ADCFD3502E55A700627FDAD11FF734711C30301619C0873'],
  ["sha3-256 of bytes salted before with store id and ':', base64", '9nnzmFWlIAmy5XxK578x2GAUv8p7dLAsSJQPjOzhZMw='],
  ['blake2b512 of decimal, hex', '8240ccddbf22b2e182512e7d40d6676e94e6f5a73680427894e1f899b1070b64'],
  ["blake2s256 of lower hex with ':', hex", '459975264cf3b6e5b4622e29b0f0c22486ea8d240d5aacdfefc8fe051b71aab3'],
  ['ripemd160 of bytes, hex', 'e55400cd4247a2cfb40da91857875ed4ecff57f6'],
  ["HMAC sha256 of upper hex with ':' keyed with store id, bytes", hex('398119e76f008a5e')],
  ['HMAC md5 of bytes keyed with store id, hex', '4d37125091e5f6ea884e6ba656ee240f'],
  ["CRC-32 of upper hex with ':', hex", '0a1e64a7'],
  ['CRC-32 of bytes, decimal', '2514360033'],
  ["32-bit FNV-1a of lower hex with ':', upper hex", 'CAA147D9'],
  ['64-bit FNV-1a of bytes, hex', 'cf7e2ff29422deef'],
]

describe('what others leave of an address', () => {
  it.each(leftByOthers)('is known as %s', (label, left) => {
    expect(labelsIn(left)).toContain(`address: ${label}`)
  })
})

describe('what others leave of a name', () => {
  it.each([
    ['the text', "Zoë's iPhone"],
    ['the text in lower case', "zoë's iphone"],
    ['the text, JSON escapes', '"Zo\\u00eb\'s iPhone"'],
    ['the text, URL escapes', "Zo%C3%AB's%20iPhone"],
    ['the text, strict URL escapes', 'Zo%C3%AB%27s%20iPhone'],
    ['the text, HTML escapes', 'Zoë&#39;s iPhone'],
    ['the text, Latin-1', hex('5a6feb2773206950686f6e65')],
    ['the text, UTF-16', hex('5a006f00eb002700730020006900500068006f006e006500')],
    ['the text, base64 1 bytes in', 'eFpvw6sncyBpUGhvbmU='],
    ['sha256 of the text, hex', 'e6d65d8783c59d4f21aa8ade2d8176fe9dac4d5713f1100b278f016dca87a772'],
  ])('is known as %s', (label, left) => {
    expect(labelsIn(left)).toContain(`name: ${label}`)
  })
})

describe('the needles', () => {
  it('know the UUID of an id of 16 bytes', () => {
    expect(labelsIn('11121314-1516-1718-191a-1b1c1d1e1f20')).toContain('id: lower UUID')
  })

  it('are the same for the same input, each with bytes of its own, and never printed in a label', () => {
    expect(needlesOf([address, person, id], known)).toEqual(needles)
    expect(new Set(needles.map(({ bytes }) => bytes.toString('latin1'))).size).toBe(needles.length)
    const said = needles.map(({ label }) => label).join('\n')
    expect(said).not.toMatch(/c7.?1d|Zo|rotterdam/i)
  })

  it('see a checksum only where nothing touches it', () => {
    expect(labelsIn('crc=0a1e64a7;')).toContain("address: CRC-32 of upper hex with ':', hex")
    expect(labelsIn('f0a1e64a7')).toEqual([])
    expect(labelsIn('0a1e64a70')).toEqual([])
  })

  it('are not made of what anybody might hold by chance', () => {
    expect(() => needlesOf([{ name: 'name', text: 'Anna' }], [])).toThrow(/name has fewer than 5 bytes/)
    expect(needles.every(({ bytes }) => bytes.length >= 5)).toBe(true)
  })

  it('say which common hashes are not looked for', () => {
    expect(lackingHashes).toEqual(['xxhash', 'murmur', 'blake3'])
  })
})
