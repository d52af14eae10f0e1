import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { demoConfig } from '../../src/commands/demo/config.ts'
import type { ShadowProof } from '../../src/commands/prove/proof.ts'
import { proveShadow } from '../../src/commands/prove/shadow-proof.ts'
import { type Config, readUnsigned } from '../../src/config.ts'

/** Phones are counted: then pseudonyms of addresses are in memory while their five minutes last. */
const text = `
organisation: acme
store: { id: nl-0042, country: NL, timezone: Europe/Amsterdam, opening: "09:00-10:00" }
controller: { name: Acme Retail BV, contact: privacy@acme.example }
gateway: gw-1
sensors: [{ id: radio, kind: ble, zone: entrance }]
beacons:
  - { id: till, format: ibeacon, uuid: f7826da6-4fa2-4e98-8024-bc5b71e0893e }
  - { id: wall, format: altbeacon, uuid: 0c8a2b1e-4fa2-4e98-8024-bc5b71e0893e, major: 3, minor: 4 }
  - { id: shelf, format: eddystone-uid, namespace: "edd1ebeac04e5defa017" }
privacy:
  profile: phones
  phones: { assessment: dpia.txt, legalBasis: "Art. 6(1)(f) GDPR", signage: true, optOutUrl: "https://acme.example/no" }
upstream: { url: "mqtt://127.0.0.1" }
`

function configOf(yaml: string): Config {
  const reading = readUnsigned(yaml, 'shop.yaml')
  if ('config' in reading) return reading.config
  throw new Error(JSON.stringify(reading.problems))
}

async function proofOf(config: Config, ...program: string[]): Promise<ShadowProof & { folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-shadow-'))
  const now = Date.parse('2026-11-23T12:00:00Z')
  const proof = await proveShadow({ config, folder, now, program: [process.execPath, ...program], onProgress() {} })
  expect(proof.places.flatMap(({ findings }) => findings.unsearched)).toEqual([])
  return { ...proof, folder }
}

function labelsIn({ places }: ShadowProof, place: string): string[] {
  return places.find((one) => one.place === place)!.findings.found.map(({ label }) => label)
}

function allFound({ places }: ShadowProof) {
  return places.flatMap(({ findings }) => findings.found)
}

describe('a shadow', { timeout: 400_000 }, () => {
  it('with planted bugs is found out: a debug line, a string in memory, a part of a salted hash on disk', async () => {
    const proof = await proofOf(configOf(text), 'test/support/leaky-drempel.ts')
    const hash = "public address: sha256 of lower hex with ':' salted before with store and ':', base64url"
    expect(labelsIn(proof, 'logged')).toContain("static address: lower hex with ':'")
    expect(labelsIn(proof, 'memory')).toContain("resolvable address: lower hex with ':'")
    expect(labelsIn(proof, 'kept').map((label) => label.replace(/base64$/, 'base64url'))).toContain(hash)
    expect(labelsIn(proof, 'sent')).toEqual([])
    expect(allFound(proof).map(({ label }) => label.split(':')[0])).not.toContain('non-resolvable address')
  })

  it('without them is not, whatever strangers and whoever copies its beacons send', async () => {
    const proof = await proofOf(configOf(text), 'test/support/leaky-drempel.ts', 'tight')
    expect(allFound(proof)).toEqual([])
    expect(proof.planted.map(({ input }) => input)).toEqual(['radio', 'broker'])
    // Four slots and the day, and what a box says of itself.
    expect(proof.messages).toBeGreaterThanOrEqual(5)
    const searched = proof.places.filter(({ findings }) => findings.bytes > 0).map(({ place }) => place)
    expect(searched).toEqual(['kept', 'logged', 'sent', 'memory'])
    expect(readdirSync(proof.folder).toSorted()).toEqual(['canaries.json', 'log.txt', 'sent.bin', 'shadow'])
    const canaries: { value: string }[] = JSON.parse(readFileSync(join(proof.folder, 'canaries.json'), 'utf8'))
    expect(canaries).toHaveLength(9)
    expect(canaries.filter(({ value }) => JSON.stringify(proof).includes(value))).toEqual([])
  })

  it("of the demo's shop is clean, and is open as that shop is", async () => {
    const proof = await proofOf(demoConfig(1, join(tmpdir(), 'drempel-no-demo')), 'src/main.ts')
    expect(allFound(proof)).toEqual([])
    // Eight hours of five minutes and the day, for two doors.
    expect(proof.messages).toBeGreaterThanOrEqual(2 * (8 * 12 + 1))
    expect(proof.differs.join()).not.toContain('opening hours')
  })

  it('that ends too early proves nothing, and says so', async () => {
    await expect(proofOf(configOf(text), '-e', 'process.exit(3)')).rejects.toMatchObject({
      code: 'COMMAND_SHADOW_ENDED',
    })
  })
})
