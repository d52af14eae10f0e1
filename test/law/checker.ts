import { type Breach, breach, firstOfEach, importOfName, usesOf } from './breach.ts'
import { circles } from './circles.ts'
import type { Facts } from './facts.ts'
import { isAt, isSideBuilding, rankOf, roomOf } from './rooms.ts'
import {
  belowTheWall,
  ground,
  guardedNames,
  guardedTypes,
  longestFile,
  longFiles,
  type Means,
  means,
  mechanism,
  openings,
  places,
  reasons,
  wings,
} from './rules.ts'
import { staleLaws } from './stale.ts'

/** Holds the files of src/ to the law. Pure: facts in, breaches out. */
export function checkLaw(house: readonly Facts[]): Breach[] {
  return [...house.flatMap(checkFile), ...circles(house), ...staleLaws(house)]
}

const checks = [checkImports, checkNames, checkMeans, checkTypes, checkTricks, checkMechanism, checkLength]

function checkFile(facts: Facts): Breach[] {
  if (!roomOf(facts.path)) return [breach(facts, 1, 'is in no room', reasons.room)]
  return checks.flatMap((check) => check(facts))
}

function checkImports(facts: Facts): Breach[] {
  const relative = facts.imports.filter(({ isRelative }) => isRelative)
  return relative.flatMap(({ target, line }) => {
    const reason = reasonAgainst(facts.path, target)
    return reason ? [breach(facts, line, `imports ${target}`, reason)] : []
  })
}

/** Why the file may not import this; undefined when it may. */
function reasonAgainst(path: string, target: string): string | undefined {
  const here = roomOf(path)!
  const there = roomOf(target)
  if (openings.some(({ file, to }) => file === target && to.includes(here))) return undefined
  if (!target.startsWith('src/')) return reasons.outside
  if (there === undefined || here === there || here === 'roof') return undefined
  if (there === 'roof') return reasons.roof
  if (isSideBuilding(there)) return reasons.sideBuilding
  if (there === ground) return undefined
  if (here === ground || rankOf(there) > rankOf(here)) return reasons.uphill
  return reasonAcross(here, there, target)
}

/** From one room to an earlier wing. */
function reasonAcross(here: string, there: string, target: string): string | undefined {
  const isAcrossTheWall = belowTheWall.rooms.includes(here) && !belowTheWall.rooms.includes(there)
  if (isAcrossTheWall) return belowTheWall.known.includes(target) ? undefined : reasons.wall
  const contract = wings.find(({ name }) => name === there)?.contract
  if (contract && target === `src/${there}/${contract}`) return undefined
  return isSideBuilding(here) ? reasons.sideBuilding : reasons.contract
}

function checkNames(facts: Facts): Breach[] {
  return guardedNames.flatMap(({ name, home, only, reason }) => {
    if (facts.path === home) return []
    const taken = importOfName(facts, name, home)
    const isAllowed = only.some(({ file }) => file === facts.path)
    if (taken && !isAllowed) return [breach(facts, taken.line, `takes ${name} from ${home}`, reason)]
    const isPassedOn = isAllowed && facts.exports.includes(name)
    return isPassedOn ? [breach(facts, 1, `passes ${name} on`, reason)] : []
  })
}

function checkMeans(facts: Facts): Breach[] {
  const room = roomOf(facts.path)
  if (room === 'roof' || room === ground) return []
  const allowed = places.filter(({ file }) => isAt(facts.path, file)).flatMap(({ may }) => may)
  const kinds = (Object.keys(means) as Means[]).filter((kind) => !allowed.includes(kind))
  return kinds.flatMap((kind) => {
    return usesOf(facts, kind).map(({ what, line }) => breach(facts, line, `uses ${what}`, means[kind].reason))
  })
}

function checkTypes(facts: Facts): Breach[] {
  return guardedTypes.flatMap(({ type, home, reason }) => {
    if (facts.path === home) return []
    const forged = facts.tricks.filter(({ what }) => what === `as ${type}` || what === `is ${type}`)
    return forged.map(({ what, line }) => breach(facts, line, `says '${what}'`, reason))
  })
}

const trickReasons: Readonly<Record<string, string>> = {
  any: reasons.any,
  'as unknown as': reasons.unknownAs,
  'default export': reasons.defaultExport,
  '@ts-ignore': reasons.suppression,
  '@ts-nocheck': reasons.suppression,
  '@ts-expect-error': reasons.suppression,
}

function checkTricks(facts: Facts): Breach[] {
  return facts.tricks.flatMap(({ what, line }) => {
    const reason = trickReasons[what]
    return reason ? [breach(facts, line, `has '${what}'`, reason)] : []
  })
}

function checkMechanism(facts: Facts): Breach[] {
  if (!mechanism.files.test(facts.path)) return []
  const found = firstOfEach(facts, mechanism.words)
  return found.map(({ what, line }) => breach(facts, line, `uses ${what}`, reasons.mechanism))
}

function checkLength(facts: Facts): Breach[] {
  if (facts.lines <= longestFile || longFiles.some(({ file }) => file === facts.path)) return []
  return [breach(facts, longestFile + 1, `has ${facts.lines} lines`, reasons.length)]
}
