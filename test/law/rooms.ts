import { ground, roof, sideBuildings, wings } from './rules.ts'

const rooms = [ground, ...wings.map(({ name }) => name), ...sideBuildings.map(({ name }) => name)]

/** Where a file stands: 'base', a wing, a side building or 'roof'; undefined when nowhere. */
export function roomOf(path: string): string | undefined {
  if (roof.some((place) => isAt(path, place))) return 'roof'
  const [, room] = /^src\/([^/]+)\//.exec(path) ?? []
  return rooms.find((name) => name === room)
}

/** Is the file this place, or in it when the place is a folder (which ends in a slash)? */
export function isAt(path: string, place: string): boolean {
  return path === place || (place.endsWith('/') && path.startsWith(place))
}

export function isSideBuilding(room: string): boolean {
  return sideBuildings.some(({ name }) => name === room)
}

/** How far down the house a room is. Side buildings stand beside the last wing, so every contract is before them. */
export function rankOf(room: string): number {
  const index = wings.findIndex(({ name }) => name === room)
  return index < 0 ? wings.length : index
}
