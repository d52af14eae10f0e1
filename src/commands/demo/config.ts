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
  languages: [en, nl, sv, de]
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
purposes:
  - id: offers
    texts:
      en: We tell our offers service when you are here, so that it can show you an offer for today.
      nl: We zeggen tegen onze aanbiedingen-dienst dat je er bent. Zo kan die je een aanbieding van vandaag laten zien.
      sv: Vi berättar för vår erbjudandetjänst när du är här. Då kan den visa dig ett erbjudande för i dag.
      de: Wir sagen unserem Angebotsdienst, wenn Sie hier sind. So kann er Ihnen ein Angebot von heute zeigen.
    benefit: { en: One offer a visit., nl: Eén aanbieding per bezoek., sv: Ett erbjudande per besök., de: Ein Angebot pro Besuch. }
    recipient: Nobody
    retention: 30d
  - id: help
    texts:
      en: We tell staff which part of the shop wants help.
      nl: We zeggen tegen het personeel in welk deel van de winkel iemand hulp wil.
      sv: Vi berättar för personalen i vilken del av butiken någon vill ha hjälp.
      de: Wir sagen dem Personal, in welchem Teil des Ladens jemand Hilfe möchte.
    benefit: { en: Somebody comes to you., nl: Er komt iemand naar je toe., sv: Någon kommer till dig., de: Jemand kommt zu Ihnen. }
    recipient: Nobody
    retention: 1d
upstream: { url: "mqtt://127.0.0.1:${port}" }
web: { public: "127.0.0.1:0" }
data: ${JSON.stringify(data)}
clock: trusted
`
}
