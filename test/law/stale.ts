import { type Breach, importOfName, usesOf } from './breach.ts'
import type { Facts } from './facts.ts'
import { isAt, roomOf } from './rooms.ts'
import {
  belowTheWall,
  ground,
  guardedNames,
  guardedTypes,
  longestFile,
  longFiles,
  mechanism,
  openings,
  places,
  reasons,
  roof,
  sideBuildings,
  wings,
} from './rules.ts'

/** What the law names and the house no longer has, has by now, or no longer needs. */
export function staleLaws(house: readonly Facts[]): Breach[] {
  const find = (path: string) => house.find((facts) => facts.path === path)
  return [
    ...goneOrCome(house),
    ...undeclared(find),
    ...unusedNames(find),
    ...needlessMeans(house),
    ...unusedOpenings(house),
    ...shortFiles(find),
  ]
}

function stale(file: string, what: string): Breach {
  return { file, line: 1, what, reason: reasons.stale }
}

function goneOrCome(house: readonly Facts[]): Breach[] {
  const isThere = (place: string) => house.some(({ path }) => isAt(path, place))
  const gone = namedPlaces().flatMap(({ place, mayCome = false }) => {
    if (isThere(place) !== mayCome) return []
    return [stale(place, mayCome ? 'has come: take its mark `mayCome` away' : 'is gone, but the law still names it')]
  })
  const hasMechanism = house.some(({ path }) => mechanism.files.test(path))
  return hasMechanism ? gone : [...gone, stale('src/privacy/', 'has no mechanism any more')]
}

function namedPlaces(): { place: string; mayCome?: boolean | undefined }[] {
  const inSource = openings.filter(({ file }) => file.startsWith('src/'))
  return [
    ...[...roof, ...belowTheWall.known].map((place) => ({ place })),
    ...[{ name: ground }, ...wings, ...sideBuildings].map((room) => ({ ...room, place: `src/${room.name}/` })),
    ...wings.flatMap(({ name, contract }) => (contract ? [{ place: `src/${name}/${contract}` }] : [])),
    ...[...inSource, ...places, ...longFiles].map((one) => ({ ...one, place: one.file })),
    ...guardedNames.flatMap(({ home, only }) => [{ place: home }, ...only.map((one) => ({ ...one, place: one.file }))]),
    ...guardedTypes.map(({ home }) => ({ place: home })),
  ]
}

type Find = (path: string) => Facts | undefined

function undeclared(find: Find): Breach[] {
  const guarded = [
    ...guardedNames.map(({ name, home }) => ({ name, home })),
    ...guardedTypes.map(({ type, home }) => ({ name: type, home })),
  ]
  const lost = guarded.filter(({ name, home }) => find(home)?.exports.includes(name) === false)
  return lost.map(({ name, home }) => stale(home, `no longer declares ${name}, which the law guards`))
}

function unusedNames(find: Find): Breach[] {
  const allowed = guardedNames.flatMap(({ name, home, only }) => only.map(({ file }) => ({ name, home, file })))
  const unused = allowed.filter(({ name, home, file }) => find(file) && !importOfName(find(file)!, name, home))
  return unused.map(({ name, file }) => stale(file, `no longer takes ${name}: take its permission away`))
}

function needlessMeans(house: readonly Facts[]): Breach[] {
  return places.flatMap(({ file, may }) => {
    const files = house.filter(({ path }) => isAt(path, file))
    const needless = may.filter((kind) => files.length > 0 && !files.some((facts) => usesOf(facts, kind).length > 0))
    return needless.map((kind) => stale(file, `no longer needs '${kind}': take its permission away`))
  })
}

function unusedOpenings(house: readonly Facts[]): Breach[] {
  return openings.flatMap(({ file, to }) => {
    const importers = house.filter(({ imports }) => imports.some(({ target }) => target === file))
    const unused = to.filter((room) => !importers.some(({ path }) => roomOf(path) === room))
    return unused.map((room) => stale(file, `is no longer imported by ${room}/: close the opening`))
  })
}

function shortFiles(find: Find): Breach[] {
  const short = longFiles.filter(({ file }) => (find(file)?.lines ?? Number.POSITIVE_INFINITY) <= longestFile)
  return short.map(({ file }) => stale(file, `has no more than ${longestFile} lines: strike it from the long files`))
}
