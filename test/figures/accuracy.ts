import { writeFileSync } from 'node:fs'
import { visitsOfDay } from '../../src/simulator/people.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { expectedErrors, measuredErrors, releaseDay, type TrueWindow } from '../support/accuracy.ts'
import { seededBits } from '../support/random.ts'
import { policyFor } from '../support/wall.ts'
import { daysPicture } from './days.ts'
import { errorsPicture } from './errors.ts'

/** `npm run figures`: the pictures of README, from runs of the real code with fixed seeds. */

const days = 2000
const openings = { 36: '09:00-18:00', 48: '09:00-21:00', 96: '00:00-24:00' } as const
const policyOf = (windows: keyof typeof openings) =>
  policyFor({ privacy: { profile: 'occupancy' }, opening: openings[windows] })

const compared = ([36, 48, 96] as const).map((windows) => ({
  windows,
  expected: expectedErrors(windows),
  measured: measuredErrors(windows, days, policyOf(windows), seededBits(1000 + windows)),
}))
writeFileSync('.github/errors.svg', errorsPicture(compared, days))
for (const { windows, expected, measured } of compared) console.log(windows, { expected, measured })

const [opensAt, closesAt] = [9, 21]

/** Who comes to the virtual shop on one day, by quarter of an hour. */
function truthOf(people: number): TrueWindow[] {
  const open = { from: opensAt * 3600, to: closesAt * 3600 }
  const truth = Array.from({ length: 48 }, () => ({ in: 0, out: 0 }))
  const slotOf = (at: number) => truth[Math.min(Math.floor((at - open.from) / 900), truth.length - 1)]!
  for (const { members, arrives, leaves } of visitsOfDay(createRandom(7, 'figure', people), people, open)) {
    slotOf(arrives).in += members
    slotOf(leaves).out += members
  }
  return truth
}

const shops = [
  { name: 'A quiet shop, 50 people', people: 50 },
  { name: 'A normal shop, 500 people', people: 500 },
  { name: 'A busy shop, 5,000 people', people: 5000 },
].map(({ name, people }) => {
  const truth = truthOf(people)
  return { name, truth, released: releaseDay(truth, policyOf(48), seededBits(people)) }
})
writeFileSync('.github/days.svg', daysPicture(shops, opensAt))
