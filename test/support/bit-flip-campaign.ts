import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { flipOf, tryFlip } from './bit-flips.ts'
import { makeImage, makeScratch } from './damaged-box.ts'

/**
 * The long form of test/privacy/bit-flips.test.ts: `node test/support/bit-flip-campaign.ts --from 0 --count 100000 --seed 1`.
 * Goes on where `--from` says; ends with 1 when something was wrong.
 */
const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
})
const [from, count, seed] = [Number(values.from), Number(values.count), Number(values.seed)]
const scratch = makeScratch()
const image = makeImage(scratch)
const sizes = [...image.files].map(([name, bytes]) => `${name} ${bytes.length}`).join(', ')
console.log(`${image.truth.served.size} rows wait, ${image.truth.drawn.size} numbers are drawn; bytes: ${sizes}`)
const began = performance.now()
const sums = { wrong: 0, restarted: 0, told: 0, lost: 0 }
for (let number = from; number < from + count; number += 1) {
  // Statements of SQLite are freed between two turns of the event loop only.
  await new Promise(setImmediate)
  const flip = flipOf(image, seed, number)
  const { wrong, restarts, isTold, lost } = tryFlip(image, scratch, flip)
  sums.restarted += Math.min(restarts, 1)
  sums.told += isTold ? 1 : 0
  sums.lost += lost
  if (wrong.length > 0) sums.wrong += 1
  if (wrong.length > 0) console.log(`${number} ${flip.file} bit ${flip.bit}: ${wrong.slice(0, 4).join('; ')}`)
  const done = number - from + 1
  if (done % 250 === 0) console.log(done, sums, `${((done / (performance.now() - began)) * 1000).toFixed(1)} per s`)
}
console.log(count, sums, `${((count / (performance.now() - began)) * 1000).toFixed(1)} per s`)
rmSync(scratch, { recursive: true })
process.exitCode = sums.wrong > 0 ? 1 : 0
