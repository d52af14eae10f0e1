import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'

/** Where something listens: a path, or a port of this machine. */
export type Place = string | number

/** Passes every connection at one place on to another: the only way out of a namespace, say. */
export async function openDoor(at: Place, to: Place): Promise<Server> {
  const door = createServer((from) => {
    const far = typeof to === 'string' ? connect(to) : connect(to, '127.0.0.1')
    from.pipe(far).pipe(from)
    for (const end of [from, far]) end.on('error', () => {})
  })
  if (typeof at === 'string') door.listen(at)
  else door.listen(at, '127.0.0.1')
  await once(door, 'listening')
  return door
}
