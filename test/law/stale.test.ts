import { describe, expect, it } from 'vitest'
import { saidAbout, sources } from './house.ts'
import { isAt } from './rooms.ts'
import {
  belowTheWall,
  ground,
  guardedNames,
  guardedTypes,
  mechanism,
  openings,
  places,
  roof,
  sideBuildings,
  wings,
} from './rules.ts'

describe('a law about what is gone fails too', () => {
  const inSource = openings.filter(({ file }) => file.startsWith('src/'))
  const named = [
    ...roof,
    ...[{ name: ground }, ...wings, ...sideBuildings]
      .filter((room) => !('mayCome' in room))
      .map(({ name }) => `src/${name}/`),
    ...wings.flatMap(({ name, contract }) => (contract ? [`src/${name}/${contract}`] : [])),
    ...belowTheWall.known,
    ...[...inSource, ...places.filter(({ mayCome }) => !mayCome)].map(({ file }) => file),
    ...[...guardedNames, ...guardedTypes].map(({ home }) => home),
    ...guardedNames.flatMap(({ only }) => only.filter(({ mayCome }) => !mayCome).map(({ file }) => file)),
  ]
  it.each([...new Set(named)])('%s is removed', (place) => {
    const removed = [...sources.keys()].filter((path) => isAt(path, place))
    expect(removed).not.toEqual([])
    const change = Object.fromEntries(removed.map((path) => [path, undefined]))
    expect(saidAbout(change)).toContain(`${place}:1 is gone, but the law still names it`)
  })

  it('the mechanism is removed', () => {
    const files = [...sources.keys()].filter((path) => mechanism.files.test(path))
    expect(saidAbout(Object.fromEntries(files.map((path) => [path, undefined])))).toContain('has no mechanism any more')
  })

  const coming = [
    ...sideBuildings.filter(({ mayCome }) => mayCome).map(({ name }) => `src/${name}/planted.ts`),
    ...guardedNames.flatMap(({ only }) => only.filter(({ mayCome }) => mayCome).map(({ file }) => file)),
    ...places.filter(({ mayCome }) => mayCome).map(({ file }) => file),
  ]
  it.each(coming.filter((file) => !sources.has(file)))('%s was to come, and came', (file) => {
    expect(saidAbout({ [file]: '' })).toContain('has come: take its mark `mayCome` away')
  })

  it.each([
    ...guardedNames.map(({ name, home }) => [name, home]),
    ...guardedTypes.map(({ type, home }) => [type, home]),
  ])('%s is called otherwise', (name, home) => {
    const renamed = sources.get(home!)!.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), 'renamed')
    expect(saidAbout({ [home!]: renamed })).toContain(`no longer declares ${name}, which the law guards`)
  })

  it('a permission is no longer needed', () => {
    for (const { name, only } of guardedNames) {
      for (const { file, mayCome } of only) {
        if (!mayCome) expect(saidAbout({ [file]: '' })).toContain(`no longer takes ${name}: take its permission away`)
      }
    }
    for (const { file, may } of places) {
      const emptied = [...sources.keys()].filter((path) => isAt(path, file)).map((path) => [path, ''])
      for (const kind of may) expect(saidAbout(Object.fromEntries(emptied))).toContain(`no longer needs '${kind}'`)
    }
  })

  it.each(openings.flatMap(({ file, to }) => to.map((room) => ({ file, room }))))(
    'nobody in $room/ uses the opening to $file',
    ({ room }) => {
      const emptied = [...sources.keys()].filter((path) => path.startsWith(`src/${room}/`)).map((path) => [path, ''])
      expect(saidAbout(Object.fromEntries(emptied))).toContain(`is no longer imported by ${room}/: close the opening`)
    },
  )
})
