/** Resolves, to the exit code, when the process is told to stop or something in it stops it. */
export interface StopSignal {
  readonly code: Promise<number>
  stop(code: number): void
}

/** Listens from now on to SIGINT and SIGTERM: call it first, so that who is told to stop while it starts ends cleanly. */
export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<number>()
  // `on`, not `once`: a second signal must not cut the farewell short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(0))
  return { code: promise, stop: resolve }
}
