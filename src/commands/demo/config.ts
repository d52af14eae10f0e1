import { type Config, readConfig } from '../../config.ts'

export const demoOrganisation = 'demo'

/** Seconds after midnight. */
export const demoOpening = { from: 10 * 3600, to: 18 * 3600 }

/** The configuration of the virtual shop, as somebody would write it; it goes through the same checks as any other. */
export function demoConfig(brokerPort: number, data: string): Config {
  const reading = readConfig(textOf(brokerPort, data), 'demo.yaml')
  if ('config' in reading) return reading.config
  throw new Error(reading.problems.map(({ path, reason }) => `${path}: ${reason}`).join(' '))
}

// There is no summer time in Iceland, so every virtual day has 24 hours.
function textOf(port: number, data: string): string {
  return `
organisation: ${demoOrganisation}
store:
  id: virtual-shop
  name: Virtual shop
  country: IS
  timezone: Atlantic/Reykjavik
  opening: "10:00-18:00"
controller: { name: Nobody, contact: nobody@demo.example }
gateway: gw-1
zones:
  - { id: entrance, name: Entrance }
  - { id: side-door, name: Side door }
sensors:
  - { id: left-leaf, kind: beam-pair, zone: entrance, outer: GPIO17, inner: GPIO27 }
  - { id: right-leaf, kind: json-lines, zone: entrance, port: /dev/counter/right-leaf }
  - { id: side, kind: ld2450, zone: side-door, port: /dev/counter/side, line: [[-1500, 2000], [1500, 2000]] }
privacy: { profile: footfall, window: 5m }
upstream: { url: "mqtt://127.0.0.1:${port}" }
data: ${JSON.stringify(data)}
clock: trusted
`
}
