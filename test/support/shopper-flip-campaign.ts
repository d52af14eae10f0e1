import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { makeScratch } from './damaged-box.ts'
import { shopperFlipOf, tryShopperFlip } from './shopper-flips.ts'
import { makeShoppersImage } from './shoppers-image.ts'

/**
 * The long form of test/shoppers/bit-flips.test.ts: `node test/support/shopper-flip-campaign.ts --from 0 --count 10000 --seed 1 --logged`.
 * Ends with 1 when something was wrong.
 */
const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    logged: { type: 'boolean', default: false },
  },
})
const [from, count, seed] = [Number(values.from), Number(values.count), Number(values.seed)]
const scratch = makeScratch()
const image = makeShoppersImage(scratch, values.logged)
console.log([...image.files].map(([name, bytes]) => `${name} ${bytes.length}`).join(', '))
const began = performance.now()
const sums = { wrong: 0, restarted: 0, whole: 0, void: 0, closed: 0 }
const perSecond = (done: number) => `${((done / (performance.now() - began)) * 1000).toFixed(1)} per s`
for (let number = from; number < from + count; number += 1) {
  // Statements of SQLite are freed between two turns of the event loop only.
  await new Promise(setImmediate)
  const flip = shopperFlipOf(image, seed, number)
  const { wrong, restarts, agreements } = tryShopperFlip(image, scratch, flip)
  sums.restarted += Math.min(restarts, 1)
  sums[agreements] += 1
  if (wrong.length > 0) sums.wrong += 1
  if (wrong.length > 0 || agreements !== 'whole')
    console.log(`${number} ${flip.file} bit ${flip.bit}: ${agreements}; ${wrong.slice(0, 4).join('; ')}`)
  const done = number - from + 1
  if (done % 250 === 0) console.log(done, sums, perSecond(done))
}
console.log(count, sums, perSecond(count))
rmSync(scratch, { recursive: true })
process.exitCode = sums.wrong > 0 ? 1 : 0
