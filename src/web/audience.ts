/** Those who watch a page live, over server-sent events. */
export interface Audience {
  /** Takes the response over, begins with `first`, and keeps telling; false when there is no seat left. */
  admit(response: Seat, headers: Readonly<Record<string, string>>, first: object): boolean
  /** Tells everyone. Whoever does not keep up loses the connection and may come again. */
  tell(message: object): void
  readonly size: number
  close(): void
}

/** What it needs of a response. */
export interface Seat {
  writeHead(status: number, headers: Record<string, string>): unknown
  write(text: string): unknown
  end(): unknown
  destroy(): unknown
  on(event: 'close', listener: () => void): unknown
  /** Bytes that the viewer has not taken yet. */
  readonly writableLength: number
}

export interface AudienceLimits {
  readonly seats: number
  /** Bytes that may wait for one viewer. */
  readonly backlog: number
}

const usual: AudienceLimits = { seats: 16, backlog: 512 * 1024 }

export function createAudience({ seats, backlog }: AudienceLimits = usual): Audience {
  const viewers = new Set<Seat>()

  function send(viewer: Seat, text: string): void {
    viewer.write(text)
    if (viewer.writableLength > backlog) viewer.destroy()
  }

  return {
    admit(response, headers, first) {
      if (viewers.size >= seats) return false
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.on('close', () => viewers.delete(response))
      viewers.add(response)
      // A viewer who was cut off comes again after a second.
      send(response, `retry: 1000\n${lineOf(first)}`)
      return true
    },
    tell(message) {
      if (viewers.size === 0) return
      const text = lineOf(message)
      for (const viewer of viewers) send(viewer, text)
    },
    get size() {
      return viewers.size
    },
    close() {
      for (const viewer of viewers) viewer.end()
    },
  }
}

function lineOf(message: object): string {
  return `data: ${JSON.stringify(message)}\n\n`
}
