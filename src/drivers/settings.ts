import { type Static, Type } from 'typebox'

/** Settings of every sensor kind: the one place for their types, defaults and ranges. Lengths in mm unless named. */

const id = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
  description: 'A short name: lower-case letters, digits and dashes, at most 32.',
})
const zone = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$', description: 'The id of the zone it feeds.' })
const port = Type.String({
  pattern: '^/',
  description: 'A serial device by a stable name, such as /dev/serial/by-path/... or /dev/counter/side.',
})
const gpioLine = Type.String({ pattern: '^GPIO[0-9]{1,2}$', description: 'A line of the pin header, such as GPIO17.' })
const millimetres = Type.Number({ minimum: -20_000, maximum: 20_000 })
const point = Type.Tuple([millimetres, millimetres], { description: '[x, y] in mm, seen from the sensor.' })
const closed = { additionalProperties: false }

function baudOf(rate: number) {
  return Type.Integer({ minimum: 1200, maximum: 4_000_000, default: rate, description: 'Bits a second of the port.' })
}

const area = Type.Object(
  {
    zone,
    polygon: Type.Array(point, { minItems: 3, maxItems: 32, description: 'Corners in order; edges belong to it.' }),
  },
  closed,
)

const radar = {
  port,
  baud: baudOf(256_000),
  line: Type.Optional(
    Type.Tuple([point, point], { description: 'Counting line; crossing from its left to its right side is "in".' }),
  ),
  areas: Type.Optional(Type.Array(area, { minItems: 1, maxItems: 8, description: 'Parts of the field, for dwell.' })),
}

const register = Type.Object(
  {
    fc: Type.Union([Type.Literal(3), Type.Literal(4)], { default: 3, description: 'Function code.' }),
    addr: Type.Integer({ minimum: 0, maximum: 65_535, description: 'Address of the first register, from 0.' }),
    words: Type.Union([Type.Literal(1), Type.Literal(2)], {
      default: 1,
      description: '16-bit registers of the value.',
    }),
    wordOrder: Type.Union([Type.Literal('high-first'), Type.Literal('low-first')], {
      default: 'high-first',
      description: 'Which of two registers holds the high half.',
    }),
    kind: Type.Union([Type.Literal('total_in'), Type.Literal('total_out')], { description: 'What it counts.' }),
    modulus: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 2 ** 32,
        description: 'The value at which it wraps; default 2^(16 x words).',
      }),
    ),
    resetOnRead: Type.Boolean({ default: false, description: 'The counter starts at 0 after each reading.' }),
  },
  closed,
)

export const sensorSchemas = {
  'beam-pair': Type.Object(
    {
      id,
      kind: Type.Literal('beam-pair'),
      zone,
      outer: gpioLine,
      inner: gpioLine,
      broken: Type.Union([Type.Literal('high'), Type.Literal('low')], {
        default: 'high',
        description: 'Level of the line while something is in the beam.',
      }),
      driver: Type.Union([Type.Literal('auto'), Type.Literal('onoff'), Type.Literal('gpiomon')], {
        default: 'auto',
        description: 'gpiomon gives kernel timestamps and is taken where it is installed; onoff needs sysfs GPIO.',
      }),
    },
    closed,
  ),
  ld2450: Type.Object({ id, kind: Type.Literal('ld2450'), zone, ...radar }, closed),
  rd03d: Type.Object(
    {
      id,
      kind: Type.Literal('rd03d'),
      zone,
      ...radar,
      fields: Type.Union([Type.Literal('auto'), Type.Literal('resolution-first'), Type.Literal('speed-first')], {
        default: 'auto',
        description: 'Order of the last two fields: real units and the table of the vendor differ.',
      }),
    },
    closed,
  ),
  ld2410: Type.Object({ id, kind: Type.Literal('ld2410'), zone, port, baud: baudOf(256_000) }, closed),
  'tf-luna': Type.Object(
    {
      id,
      kind: Type.Literal('tf-luna'),
      zone,
      port,
      baud: baudOf(115_200),
      unit: Type.Union([Type.Literal('cm'), Type.Literal('mm')], {
        default: 'cm',
        description: 'As the sensor is set.',
      }),
      inner: Type.Optional(
        Type.String({ description: 'Id of the tf-luna that stands further in: the two then form one beam pair.' }),
      ),
    },
    closed,
  ),
  'json-lines': Type.Object({ id, kind: Type.Literal('json-lines'), zone, port, baud: baudOf(115_200) }, closed),
  'modbus-counter': Type.Object(
    {
      id,
      kind: Type.Literal('modbus-counter'),
      zone,
      port,
      baud: baudOf(9600),
      parity: Type.Union([Type.Literal('none'), Type.Literal('even')], {
        default: 'none',
        description: 'Of the port.',
      }),
      slave: Type.Integer({ minimum: 1, maximum: 247, default: 1, description: 'Address of the device on the bus.' }),
      registers: Type.Array(register, { minItems: 1, maxItems: 8, description: 'The registers that count people.' }),
      pollSeconds: Type.Number({ minimum: 0.2, maximum: 60, default: 1, description: 'How often they are read.' }),
      peoplePerSecond: Type.Number({
        minimum: 1,
        maximum: 100,
        default: 10,
        description: 'More than this is taken for a device reset, not for people.',
      }),
    },
    closed,
  ),
  ble: Type.Object(
    {
      id,
      kind: Type.Literal('ble'),
      zone,
      adapter: Type.String({ pattern: '^hci[0-9]{1,2}$', default: 'hci0', description: 'The Bluetooth adapter.' }),
    },
    closed,
  ),
} as const

const hexBytes = (bytes: number, description: string) =>
  Type.Optional(Type.String({ pattern: `^[0-9A-Fa-f]{${2 * bytes}}$`, description }))
const number16 = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description }))

/** The shop's own Bluetooth devices: heard for health and told apart from people. */
export const beaconSchema = Type.Object(
  {
    id,
    format: Type.Union(
      [
        Type.Literal('ibeacon'),
        Type.Literal('altbeacon'),
        Type.Literal('eddystone-uid'),
        Type.Literal('bthome'),
        Type.Literal('ruuvi'),
        Type.Literal('irk'),
      ],
      {
        description:
          'How it is known: by what it sends, by its fixed address, or (irk) by the key of its changing one.',
      },
    ),
    uuid: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
        description: 'Of an ibeacon or altbeacon, such as "f7826da6-4fa2-4e98-8024-bc5b71e0893e".',
      }),
    ),
    major: number16('Of an ibeacon or altbeacon; any when left out.'),
    minor: number16('Of an ibeacon or altbeacon; any when left out.'),
    namespace: hexBytes(10, 'Of an eddystone-uid: 20 hex digits.'),
    instance: hexBytes(6, 'Of an eddystone-uid: 12 hex digits; any when left out.'),
    address: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$',
        description: 'Of a bthome or ruuvi device: its fixed address, such as "A4:C1:38:8D:18:B2".',
      }),
    ),
    key: hexBytes(
      16,
      'Of a bthome device that encrypts: its bind key; of an irk: the key, most significant byte first.',
    ),
    staff: Type.Boolean({ default: false, description: 'Carried by staff: never counted and never reported.' }),
  },
  closed,
)

export type BeaconSettings = Static<typeof beaconSchema>

export type SensorKind = keyof typeof sensorSchemas
export type SensorOf<K extends SensorKind> = Static<(typeof sensorSchemas)[K]>
export type SensorSettings = { [K in SensorKind]: SensorOf<K> }[SensorKind]
