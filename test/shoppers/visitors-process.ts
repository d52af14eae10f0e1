import { writeSync } from 'node:fs'
import { manualClock } from '../../src/base/clock.ts'
import { minute, second } from '../../src/base/duration.ts'
import { aBox, configOf, join30 } from './box.ts'

/** Lets three shoppers come, closes the shop and draws its number, and dies by SIGKILL at the step that is named. */
const [folder = '', last = ''] = process.argv.slice(2)
let step = 0

function mayDie(): void {
  if (++step === Number(last)) process.kill(process.pid, 'SIGKILL')
}

const say = (text: string) => writeSync(1, `${text}\n`)

const box = aBox(configOf({ privacy: '{ visitors: offers }' }), manualClock(Date.parse('2026-11-23T16:50:00Z')), folder)
const { connection } = box.storage.database
connection.function('may_die', () => {
  mayDie()
  return 0
})
for (const [i, change] of [
  'INSERT ON consent_today',
  'DELETE ON consent_today',
  'INSERT ON release',
  'UPDATE ON release',
].entries()) {
  connection.exec(`CREATE TEMP TRIGGER dying_${i} AFTER ${change} BEGIN SELECT may_die(); END`)
}
box.pass(second)
for (let i = 0; i < 3; i++) {
  box.inTheShop(join30)
  say('seen')
  mayDie()
}
box.pass(9 * minute, minute)
box.pass(2 * minute, 5 * second)
say('drawn')
mayDie()
say(`${step} steps`)
