import { afterAll, describe, expect, it } from 'vitest'
import { saidAbout, sources } from './house.ts'
import {
  belowTheWall,
  ground,
  guardedNames,
  guardedTypes,
  longestFile,
  type Means,
  means,
  mechanism,
  openings,
  places,
  reasons,
  sideBuildings,
  wings,
} from './rules.ts'

const wingNames = wings.map(({ name }) => name)
const sideNames = sideBuildings.map(({ name }) => name)
const plantedIn = (room: string) => `src/${room}/planted.ts`
const provoked = new Set<string>()

function expectBan(change: Readonly<Record<string, string | undefined>>, reason: string): void {
  expect(saidAbout(change)).toContain(`because ${reason}`)
  provoked.add(reason)
}

describe('turning the law off in one planted place makes it fail with its reason', () => {
  const downhill = [ground, ...wingNames].flatMap((here, index) => wingNames.slice(index).map((there) => [here, there]))
  it.each(downhill)('%s knows %s', (here, there) => {
    expectBan({ [plantedIn(here!)]: `import '../${there}/inside.ts'` }, reasons.uphill)
    expectBan({ [plantedIn(here!)]: `export type Inside = import('../${there}/inside.ts').Inside` }, reasons.uphill)
  })

  const above = wingNames.filter((name) => !belowTheWall.rooms.includes(name))
  const inside = above.flatMap((here, index) => above.slice(0, index).map((there) => [here, there]))
  it.each(inside)('%s looks behind the contract of %s', (here, there) => {
    expectBan({ [plantedIn(here!)]: `export type { Inside } from '../${there}/inside.ts'` }, reasons.contract)
  })

  const across = belowTheWall.rooms.flatMap((here) => above.map((there) => [here, there]))
  it.each(across)('%s looks over the wall at %s', (here, there) => {
    expectBan({ [plantedIn(here!)]: `import type { Inside } from '../${there}/inside.ts'` }, reasons.wall)
  })

  it.each(belowTheWall.rooms)('%s takes a reading', (here) => {
    expectBan({ [plantedIn(here)]: `import type { Reading } from '../drivers/reading.ts'` }, reasons.wall)
  })

  it.each([ground, ...wingNames, ...sideNames])('%s climbs on the roof', (here) => {
    expectBan({ [plantedIn(here)]: `import { openGateway } from '../gateway.ts'` }, reasons.roof)
    expectBan({ [plantedIn(here)]: `const { run } = await import('../commands/run.ts')` }, reasons.roof)
  })

  it.each([ground, ...wingNames].flatMap((here) => sideNames.map((there) => [here, there])))(
    '%s opens the side building %s',
    (here, there) => {
      expectBan({ [plantedIn(here!)]: `import '../${there}/inside.ts'` }, reasons.sideBuilding)
    },
  )

  it('a side building looks into a wing or into another side building', () => {
    expectBan({ [plantedIn('simulator')]: `import '../drivers/gpio/chips.ts'` }, reasons.sideBuilding)
    expectBan({ [plantedIn('box')]: `import '../simulator/people.ts'` }, reasons.sideBuilding)
  })

  it.each(openings)('somebody else uses the opening to $file', ({ file }) => {
    const reason = file.startsWith('src/') ? reasons.contract : reasons.outside
    const target = file.startsWith('src/') ? file.replace('src/', '../') : `../../${file}`
    expectBan({ [plantedIn('privacy')]: `import '${target}'` }, reason)
  })

  it('a file stands outside the wings, or leans on tests', () => {
    expectBan({ 'src/attic/planted.ts': '' }, reasons.room)
    expectBan({ 'src/planted.ts': '' }, reasons.room)
    expectBan({ [plantedIn('base')]: `import '../../test/support/need.ts'` }, reasons.outside)
  })

  it('files stand in a circle, also for types only', () => {
    const circle = { [plantedIn('base')]: `import './round.ts'`, 'src/base/round.ts': `import './planted.ts'` }
    expectBan(circle, reasons.circle)
    expect(saidAbout(circle)).toContain(
      'closes the circle src/base/planted.ts > src/base/round.ts > src/base/planted.ts',
    )
    expectBan({ ...circle, 'src/base/round.ts': `import type { A } from './planted.ts'` }, reasons.circle)
    expectBan({ [plantedIn('base')]: `import './planted.ts'` }, reasons.circle)
  })

  const forms = [
    (name: string, home: string) => `import { ${name} } from '${home}'`,
    (name: string, home: string) => `import { ${name} as other } from '${home}'`,
    (_: string, home: string) => `import * as all from '${home}'`,
    (_: string, home: string) => `const all = await import('${home}')`,
    (name: string, home: string) => `export { ${name} as other } from '${home}'`,
    (_: string, home: string) => `export * from '${home}'`,
  ]
  it.each(guardedNames)('$name is taken in another place, in whatever form', ({ name, home, reason }) => {
    const folder = home.slice(0, home.lastIndexOf('/'))
    const from = home.replace(folder, '.')
    for (const form of forms) expectBan({ [`${folder}/planted.ts`]: form(name, from) }, reason)
  })

  it.each(guardedNames.flatMap(({ only, ...rest }) => only.map(({ file }) => ({ ...rest, file }))))(
    '$name is passed on by $file',
    ({ name, file, home, reason }) => {
      const text = sources.get(file) ?? `import { ${name} } from '../${home.slice('src/'.length)}'`
      expectBan({ [file]: `${text}\nexport { ${name} }` }, reason)
    },
  )

  it.each(guardedTypes)('$type is vouched for in another place', ({ type, reason }) => {
    const tricks = [`({} as ${type})`, `({} as readonly ${type}[])`, `(value: unknown): value is ${type} => true`]
    for (const trick of tricks) expectBan({ [plantedIn('privacy')]: `export const made = ${trick}` }, reason)
    expectBan({ [plantedIn('privacy')]: `export const made = <Map<string, ${type}>>{}` }, reason)
  })

  const kinds = Object.entries(means).map(([kind, rule]) => ({ kind: kind as Means, ...rule }))
  it.each(kinds)('$kind is used where nobody listed it', ({ words, modules, reason }) => {
    for (const word of words) expectBan({ [plantedIn('observations')]: `void (${word})` }, reason)
    for (const module of modules) {
      expectBan({ [plantedIn('observations')]: `import '${module}'` }, reason)
      expectBan({ [plantedIn('simulator')]: `const all = await import('${module}')` }, reason)
      expectBan({ [plantedIn('web')]: `export * from '${module}'` }, reason)
    }
  })

  it.each([
    ['const { now } = Date', means.time.reason],
    [`export const pick = Math['random']`, means.chance.reason],
    ['export const { env } = process', means.environment.reason],
    ['export const all = (globalThis as object)', means.environment.reason],
    [`import fs from 'fs'`, means.files.reason],
    [`import { type Stats, statSync } from 'node:fs'`, means.files.reason],
    ['export const print = console', means.speech.reason],
    ['export const later = { setTimeout }', means.time.reason],
  ])('a means in disguise: %s', (text, reason) => {
    expectBan({ [plantedIn('privacy')]: text }, reason)
  })

  it('a place uses more than it was given', () => {
    const [place] = places
    expectBan({ [place!.file]: `${sources.get(place!.file)}\nconsole.log(1)` }, means.speech.reason)
  })

  it.each([
    ['let a: any', reasons.any],
    ['const a = <any>1', reasons.any],
    ['const a = 1 as unknown as string', reasons.unknownAs],
    ['const a = <string>(<unknown>1)', reasons.unknownAs],
    ['const a = 1 as never as string', reasons.unknownAs],
    ['// @ts-ignore', reasons.suppression],
    ['// @ts-expect-error', reasons.suppression],
    ['// @ts-nocheck', reasons.suppression],
    ['export default 1', reasons.defaultExport],
    ['const a = 1; export { a as default }', reasons.defaultExport],
    [`${'\n'.repeat(longestFile)}export const last = 1`, reasons.length],
  ])('the checker is told to look away, or nobody can read it: %s', (text, reason) => {
    expectBan({ [plantedIn('base')]: text }, reason)
  })

  it('lets a file have as many lines as it may', () => {
    expect(saidAbout({ [plantedIn('base')]: `${'\n'.repeat(longestFile - 1)}export const last = 1\n` })).toBe('')
  })

  it.each(mechanism.words)('the mechanism uses %s', (word) => {
    expectBan({ 'src/privacy/mechanism-planted.ts': `export const noise = ${word}(1)` }, reasons.mechanism)
  })

  afterAll(() => {
    const all = [reasons, means, guardedNames, guardedTypes].flatMap((rules) =>
      Object.values<string | { reason: string }>(rules),
    )
    const written = all.map((rule) => (typeof rule === 'string' ? rule : rule.reason))
    expect(written.filter((reason) => reason !== reasons.stale && !provoked.has(reason))).toEqual([])
  })
})
