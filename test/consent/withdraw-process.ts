import { writeSync } from 'node:fs'
import { manualClock } from '../../src/base/clock.ts'
import type { Mark } from '../../src/consent/mark.ts'
import type { SlotFile } from '../../src/consent/slot-file.ts'
import { aShop, noon } from './shop.ts'

/** Withdraws the only record of a folder and dies by SIGKILL at the step that is named; says what was confirmed. */
const [folder = '', last = ''] = process.argv.slice(2)
let step = 0

function mayDie(): void {
  if (++step === Number(last)) process.kill(process.pid, 'SIGKILL')
}

function around<T>(work: () => T): T {
  mayDie()
  const result = work()
  mayDie()
  return result
}

const wrapSlots = (file: SlotFile): SlotFile => ({
  ...file,
  write: (at, bytes) => around(() => file.write(at, bytes)),
  sync: () => around(() => file.sync()),
})
const wrapMark = (mark: Mark): Mark => ({ ...mark, write: (head) => around(() => mark.write(head)) })

const shop = aShop(manualClock(noon), folder)
const consents = shop.open({ wrapSlots, wrapMark })
const [record] = [...consents.records()]
// Inside the transaction of each entry too.
shop.database().connection.function('may_die', () => {
  mayDie()
  return 0
})
shop.database().connection.exec('CREATE TEMP TRIGGER dying AFTER INSERT ON consent_event BEGIN SELECT may_die(); END')
writeSync(1, 'asked\n')
consents.withdraw(record!.id, 'all', 'page')
writeSync(1, 'confirmed\n')
mayDie()
shop.close()
writeSync(1, `${step} steps\n`)
