/**
 * The law of the house as data, each ban with its reason. `test/law/law.test.ts` holds src/ to it. Whatever is named here
 * must exist, so that no ban outlives what it guards; only what is marked `mayCome` is not built yet, and once it is
 * there the mark must go.
 */

/** The seven wings on their ground, in the order of the data. A wing may know those before it, none after it. */
export const ground = 'base'
export const wings: readonly Room[] = [
  { name: 'consent', contract: 'grant.ts' },
  { name: 'drivers', contract: 'reading.ts' },
  { name: 'observations', contract: 'observation.ts' },
  { name: 'privacy', contract: 'release.ts' },
  { name: 'uplink' },
  { name: 'web' },
]

/** Beside the wings: they stand on the ground and on contracts, and only the roof opens their doors. */
export const sideBuildings: readonly Room[] = [
  { name: 'box' },
  { name: 'headoffice' },
  { name: 'shopper' },
  { name: 'simulator' },
]

/** Over everything: these may know makers of several wings. */
export const roof = [
  'src/main.ts',
  'src/gateway.ts',
  'src/storage.ts',
  'src/salvage.ts',
  'src/shoppers/',
  'src/config.ts',
  'src/commands/',
]

export interface Room {
  readonly name: string
  /** The one file that other wings may import. */
  readonly contract?: string
  readonly mayCome?: boolean
}

/** Files beside the contracts that some rooms may import. */
export const openings: readonly Opening[] = [
  {
    file: 'src/drivers/settings.ts',
    to: ['observations', 'simulator'],
    reason: 'what a sensor is, is written once; meaning and simulation go by it',
  },
  {
    file: 'src/drivers/recording.ts',
    to: ['simulator'],
    reason: 'the virtual shop writes recordings in the one form that the drivers read',
  },
  {
    file: 'src/drivers/ble/telemetry.ts',
    to: ['observations'],
    reason: 'only recognition knows whose an advert is and with which key, only drivers know how its bytes are read',
  },
  { file: 'package.json', to: ['base'], reason: 'the version is written there once' },
]

export interface Opening {
  readonly file: string
  readonly to: readonly string[]
  readonly reason: string
}

/** Below the wall nothing above it is known but these. */
export const belowTheWall = {
  rooms: ['uplink', 'web', 'headoffice'],
  known: ['src/consent/grant.ts', 'src/privacy/release.ts'],
}

/** Why: printed with every breach. */
export const reasons = {
  room: 'a file outside the wings belongs to nobody, and no law holds it',
  uphill: 'data runs one way; a wing that knows a later one can be steered by what has already left',
  contract: 'a wing is known by its contract only, so that its inside can change',
  wall: 'below the wall there are only releases and grants; what could see a reading could send it',
  roof: 'the roof knows everything; whoever imports it does too',
  sideBuilding: 'side buildings stand beside the house: only the roof opens them, and they see contracts only',
  outside: 'src/ must run without tests and tools',
  circle: 'files in a circle cannot be understood, tested or started one by one',
  any: 'any switches the type checker off, and with it the wall',
  unknownAs: 'a double cast makes anything of anything, also a Release of a reading',
  suppression: 'a silenced type error is still an error',
  defaultExport: 'a thing has one name everywhere, so that the law can find it',
  length: 'beyond 250 lines nobody reads a file; split it, or list it here with the reason',
  stale: 'a law about things that are gone guards nothing',
  mechanism:
    'floating-point noise leaks the count through its last bits; the mechanism is exact integers on random bits',
} as const

/** Names that open a door, and the files that may import them: nobody else, also not under another name or in a heap. */
export const guardedNames: readonly GuardedName[] = [
  {
    name: 'unseal',
    home: 'src/base/sealed.ts',
    only: [{ file: 'src/privacy/pseudonym.ts' }, { file: 'src/observations/recognition.ts' }],
    reason:
      'an identifier may be looked at in two places only: to forget it in a pseudonym, or to recognise who agreed',
  },
  {
    name: 'mint',
    home: 'src/privacy/release.ts',
    only: [{ file: 'src/privacy/boundary.ts' }],
    reason: 'a Release is proof that the boundary was crossed; minted elsewhere it proves nothing',
  },
  {
    name: 'restore',
    home: 'src/uplink/feed.ts',
    only: [{ file: 'src/uplink/outbox.ts' }],
    reason: 'what was stored may leave only after its MAC held, and the outbox checks that',
  },
]

export interface GuardedName {
  readonly name: string
  /** Where it is declared, and free to use. */
  readonly home: string
  readonly only: readonly { readonly file: string; readonly mayCome?: boolean }[]
  readonly reason: string
}

/** Types that are proofs: only their home may cast to them or vouch for them. */
export const guardedTypes: readonly GuardedType[] = [
  { type: 'Release', home: 'src/privacy/release.ts', reason: 'a cast makes a Release that never crossed the boundary' },
  { type: 'Outgoing', home: 'src/uplink/feed.ts', reason: 'a cast makes a message that no closed schema has seen' },
]

export interface GuardedType {
  readonly type: string
  readonly home: string
  readonly reason: string
}

/** Means of touching the world. Allowed on the roof, on the ground and in the places below. */
export const means: Readonly<Record<Means, MeansRule>> = {
  speech: {
    words: ['console'],
    modules: [],
    reason: 'what is printed leaves the house; lines go through Log, which carries no reading',
  },
  environment: {
    words: ['process', 'globalThis', 'eval', 'Function'],
    modules: ['node:process', 'node:module', 'node:vm'],
    reason: 'a part gets its settings and means as arguments; what it takes from the process no test can replace',
  },
  time: {
    words: ['Date.now', 'new Date()', 'Date()', 'performance', 'setTimeout', 'setInterval'],
    modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
    reason: 'time comes from Clock, or replay and tests cannot move it and an untrusted clock goes unnoticed',
  },
  chance: {
    words: ['Math.random'],
    modules: [],
    reason: 'noise from Math.random can be predicted, and so undone',
  },
  files: {
    words: [],
    modules: ['node:fs', 'node:fs/promises'],
    reason: 'what is written to disk outlives its window; only files that are listed may write, and each is audited',
  },
  network: {
    words: ['fetch', 'WebSocket', 'EventSource'],
    modules: [
      'node:net',
      'node:tls',
      'node:http',
      'node:https',
      'node:http2',
      'node:dgram',
      'node:dns',
      'node:dns/promises',
      'aedes',
      'dbus-next',
      'fastify',
      'mqtt',
      'node-ble',
    ],
    reason: 'there is one door out; a second socket is a second door',
  },
  devices: {
    words: [],
    modules: ['onoff', 'serialport'],
    reason: 'hardware is opened in a few small files, so that everything else can be tested without it',
  },
  processes: {
    words: [],
    modules: ['node:child_process', 'node:cluster', 'node:worker_threads'],
    reason: 'another process is outside this law',
  },
  database: {
    words: [],
    modules: ['better-sqlite3'],
    reason: 'durability is decided once, in base/database.ts',
  },
}

export type Means =
  | 'speech'
  | 'environment'
  | 'time'
  | 'chance'
  | 'files'
  | 'network'
  | 'devices'
  | 'processes'
  | 'database'

export interface MeansRule {
  /** Globals, or members of globals. */
  readonly words: readonly string[]
  readonly modules: readonly string[]
  readonly reason: string
}

/** The I/O files of the wings and side buildings: what each may use, and why. */
export const places: readonly Place[] = [
  {
    file: 'src/consent/slot-file.ts',
    may: ['files'],
    reason: 'identity keys lie in a file of their own, where erasing writes over them in place and waits for the disk',
  },
  {
    file: 'src/drivers/ble/bus/socket.ts',
    may: ['network'],
    reason: 'hears the system bus over its local socket, in buffers that are overwritten',
  },
  {
    file: 'src/drivers/ble/control.ts',
    may: ['network'],
    reason: 'asks BlueZ for adapter, power and discovery, on this machine',
  },
  { file: 'src/drivers/gpio/chips.ts', may: ['files'], reason: 'reads the chips that sysfs shows' },
  {
    file: 'src/drivers/gpio/gpiod-tools.ts',
    may: ['processes', 'time'],
    reason: 'runs gpiomon, and ends it in real time',
  },
  {
    file: 'src/drivers/gpio/gpiomon.ts',
    may: ['environment'],
    reason: 'compares with the clock of the kernel (hrtime)',
  },
  { file: 'src/drivers/gpio/onoff.ts', may: ['files', 'devices'], reason: 'exports and releases lines in sysfs' },
  { file: 'src/drivers/serial/device.ts', may: ['devices'], reason: 'opens serial ports' },
  {
    file: 'src/box/memory.ts',
    may: ['files', 'environment'],
    reason: 'reads the memory of a process that it stops (kill)',
  },
  { file: 'src/box/holder.ts', may: ['processes'], reason: 'runs a child whose memory the search must find things in' },
  { file: 'src/box/places.ts', may: ['files'], reason: 'searches folders for what must not be there; writes nothing' },
  { file: 'src/box/plantings.ts', may: ['files'], reason: 'plants what the search must find, in a scratch folder' },
  { file: 'src/box/present-pages.ts', may: ['files'], reason: 'reads which pages of a process are in memory' },
  { file: 'src/box/self-check.ts', may: ['files'], reason: 'makes and removes that scratch folder' },
  {
    file: 'src/box/tap.ts',
    may: ['network'],
    reason: 'lies between a shadow and its broker, on this machine only, and keeps every byte',
  },
  {
    file: 'src/simulator/broker.ts',
    may: ['network'],
    reason: 'the broker that demo brings along, on this machine only',
  },
  {
    file: 'src/headoffice/reader.ts',
    may: ['network', 'time'],
    reason: 'head office listens to the broker, in real time and far from any reading',
  },
  {
    file: 'src/headoffice/relay-line.ts',
    may: ['network'],
    reason: 'the relay passes sealed questions over the broker, at head office',
  },
  {
    file: 'src/headoffice/goodbye.ts',
    may: ['time'],
    reason: 'gives up, in real time, a connection that does not end in peace',
  },
  {
    file: 'src/uplink/mqtt.ts',
    may: ['files', 'network', 'time'],
    reason: 'the one door out: reads the certificates, connects, and a connection knows real time only',
  },
  { file: 'src/web/page-files.ts', may: ['files'], reason: 'reads the pages it serves, once' },
  { file: 'src/web/pages/', may: ['network', 'time'], reason: 'runs in the browser of a visitor, not on the box' },
  { file: 'src/web/server.ts', may: ['network'], reason: 'serves pages in the shop' },
  {
    file: 'src/web/shopper/server.ts',
    may: ['network'],
    reason: "serves the shopper's page, in the shop or at head office",
  },
]

export interface Place {
  /** A file, or a folder with its slash. */
  readonly file: string
  readonly may: readonly Means[]
  readonly reason: string
  readonly mayCome?: boolean
}

/** The exact mechanism: the files, and what must not be in them. */
export const mechanism = {
  files: /^src\/privacy\/mechanism[^/]*\.ts$/,
  words: ['Math.random', 'Math.log', 'Math.log1p', 'Math.log2', 'Math.log10', 'Math.exp', 'Math.expm1', 'Math.pow'],
}

/** Longest file, and the exceptions. */
export const longestFile = 250
export const longFiles: readonly { readonly file: string; readonly reason: string }[] = [
  {
    file: 'src/gateway.ts',
    reason: 'the whole house on one page: split, the wiring of the wings would be hard to see',
  },
]
