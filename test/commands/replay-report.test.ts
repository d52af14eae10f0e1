import { expect, test } from 'vitest'
import { type ReplaySummary, replayReport } from '../../src/commands/replay-report.ts'
import { createRecognition } from '../../src/observations/recognition.ts'
import { advert, heard, iBeacon, own, refusals, shopUuid } from '../observations/adverts.ts'

function summary(radio: ReplaySummary['radio']): ReplaySummary {
  const recording = { lines: { radio: { advert: 4 } }, dropped: {}, bad: 0, badLines: [] }
  const account = { counted: {}, stays: {}, released: 0, missing: {}, late: 0, badLines: [] }
  return { file: 'monday.jsonl', recording, radio, ...account, sent: { acknowledged: 0, waiting: 0 } }
}

test('a replay says what became of the adverts it heard, and nothing of what did not happen', () => {
  const { hear, tally } = createRecognition({ beacons: [own('ibeacon', { uuid: shopUuid })], observe() {} })
  const adverts = [{}, { address: 'C0:11:22:33:44:55' }, { data: iBeacon(shopUuid, 1, 1) }, { data: refusals[0]![1] }]
  for (const changes of adverts) hear(heard(advert(changes)), 'entrance')
  const lines = replayReport(summary(tally()), 'mqtt://127.0.0.1').split('\n')
  const first = lines.findIndex((line) => line.startsWith('  adverts'))
  expect(lines.slice(first, first + 4).map((line) => line.slice(12))).toEqual([
    "1 of the shop's own devices",
    '1 of people who said no',
    '2 dropped: not counting phones',
    '0 messages with numbers',
  ])
})

test('a replay that heard no advert does not speak of them', () => {
  expect(replayReport(summary(null), 'mqtt://127.0.0.1')).not.toContain('adverts')
})
