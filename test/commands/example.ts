import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { parse, stringify } from 'yaml'

/** A whole configuration with every part that has no default, several sensor kinds, and comments as people write them. */
export const example = `\
organisation: acme
store: { id: nl-0042, name: Acme Spuistraat, country: NL, timezone: Europe/Amsterdam, opening: "09:00-18:00", languages: [nl, en] }
controller: { name: Acme Retail BV, contact: privacy@acme.example }   # dpo, authority, recipients
gateway: gw-1
zones:
  - { id: entrance, name: Entrance }                    # kind: door
  - { id: shoes, name: Shoes, kind: area }
sensors:
  - { id: front-door, kind: beam-pair, zone: entrance, outer: GPIO17, inner: GPIO27 }
  - { id: side-door, kind: json-lines, zone: entrance, port: /dev/counter/side, baud: 115200 }
  - { id: aisle, kind: ld2450, zone: shoes, port: /dev/counter/aisle, line: [[-1500, 2000], [1500, 2000]] }   # mm
  - { id: radio, kind: ble, zone: entrance, adapter: hci0 }
privacy: { profile: footfall, window: 15m, precision: standard }
purposes: []
retention: { journal: 400d, glassBox: 7d, signals: 30d, consentRecords: 5y, logs: 7d }
upstream: { url: "mqtts://broker.acme.example:8883", ca: ca.pem, cert: gw-1.pem, key: gw-1.key }
web: { public: "0.0.0.0:8080", staff: "0.0.0.0:8443" } # certificate: {cert, key}
data: /var/lib/drempel
`

/** The least that can be written: all else has a default. */
export const least = `\
organisation: acme
store: { id: nl-0042, country: NL, timezone: Europe/Amsterdam }
controller: { name: Acme Retail BV, contact: privacy@acme.example }
gateway: gw-1
sensors: [{ id: front-door, kind: beam-pair, zone: entrance, outer: GPIO17, inner: GPIO27 }]
upstream: { url: "mqtt://127.0.0.1" }
`

export const purpose = {
  id: 'offers',
  texts: { nl: 'Aanbiedingen op uw telefoon.', en: 'Offers on your phone.' },
  benefit: 'One offer a visit.',
  recipient: 'Acme Retail BV',
  retention: '90d',
}

/** A folder with the files that the example names; gone after the tests of the file. */
export function exampleFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-config-'))
  const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  writeFileSync(join(folder, 'ca.pem'), certificate)
  writeFileSync(join(folder, 'gw-1.pem'), certificate)
  writeFileSync(join(folder, 'gw-1.key'), '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
  writeFileSync(join(folder, 'locked.key'), '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n')
  writeFileSync(join(folder, 'drempel.yaml'), example)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The example with values at paths such as 'sensors[0].port' replaced; undefined takes the key out. */
export function exampleWith(changes: Readonly<Record<string, unknown>>): string {
  const document: unknown = parse(example)
  for (const [path, value] of Object.entries(changes)) put(document, path.split(/\.|\[|\]\.?/).filter(Boolean), value)
  return stringify(document, { aliasDuplicateObjects: false })
}

function put(document: unknown, path: readonly string[], value: unknown): void {
  let holder = document
  for (const segment of path.slice(0, -1)) holder = Reflect.get(Object(holder), segment)
  const last = path.at(-1)!
  if (value === undefined) Reflect.deleteProperty(Object(holder), last)
  else Reflect.set(Object(holder), last, value)
}
