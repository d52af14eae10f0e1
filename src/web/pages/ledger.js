// What head office received, parsed, with the truth beside it.

const kept = 240

export function createLedger({ zones }) {
  let entries = []
  const names = new Map(zones.map(({ id, name }) => [id, name]))

  return {
    /** Keeps one received message; tells the entry. */
    note({ topic, text, walked, counted }) {
      const release = JSON.parse(text)
      const [kind, zone = 'shop'] = topic.split('/').slice(5)
      const entry = { kind, zone, zoneName: names.get(zone) ?? zone, release, walked, counted }
      entries = [...entries.filter((other) => other.release.id !== release.id), entry].slice(-kept)
      return entry
    },
    newest: () => entries.at(-1),
    /** Newest first. */
    all: () => entries.toReversed(),
    /** The last windows of a zone, oldest first. */
    windows: (zone, count) => entries.filter((entry) => entry.kind === 'footfall' && entry.zone === zone).slice(-count),
    missing: () => entries.filter(({ release }) => release.missing !== null).length,
    /** How many released numbers of windows lie within their own band of the truth. */
    verdict() {
      const numbers = entries
        .filter(({ kind, release }) => kind === 'footfall' && release.missing === null)
        .flatMap(({ release, walked }) => ['in', 'out'].map((way) => [release[way] - walked[way], release.noise95]))
      return { numbers: numbers.length, inside: numbers.filter(([off, band]) => Math.abs(off) <= band).length }
    },
  }
}
