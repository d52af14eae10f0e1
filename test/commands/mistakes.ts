import { purpose } from './example.ts'

/** A change of the example, the path of the problem it makes, and a part of the fix that is told. */
export type Mistake = readonly [name: string, changes: Record<string, unknown>, path: string, fix: string]

const radar = { id: 'hall', kind: 'rd03d', zone: 'shoes', port: '/dev/counter/hall' }
const luna = { kind: 'tf-luna', zone: 'entrance' }
const modbus = { id: 'meter', kind: 'modbus-counter', zone: 'entrance', port: '/dev/counter/meter' }
const register = { addr: 10, kind: 'total_in' }
const beacon = { id: 'desk', format: 'ibeacon', uuid: 'f7826da6-4fa2-4e98-8024-bc5b71e0893e', major: 1 }
const key = 'ec0234a357c8ad05341010a60a397d9b'
const phone = { id: 'jo', format: 'irk', key, staff: true }
const tag = (address: string) => ({ id: 'fridge', format: 'ruuvi', address })
const phones = {
  assessment: 'ca.pem',
  legalBasis: 'Art. 6(1)(f)',
  signage: true,
  optOutUrl: 'https://acme.example/out',
}

/** What the schema alone refuses, in an editor as in the gateway. */
export const wrongShape: readonly Mistake[] = [
  ['no organisation', { organisation: undefined }, 'organisation', 'Add `organisation`: id of the chain'],
  ['a misspelt key', { organization: 'acme', organisation: undefined }, 'organization', 'Did you mean `organisation`?'],
  ['a key of another level', { window: '15m' }, 'window', '`window` belongs under `privacy`.'],
  ['a key with underscores', { 'retention.glass_box': '7d' }, 'retention.glass_box', 'Write it as `glassBox`.'],
  [
    'a misspelt key of another level',
    { timezon: 'CET' },
    'timezon',
    'Did you mean `timezone`, which belongs under `store`?',
  ],
  ['a key nobody knows', { 'web.xylophone': 1 }, 'web.xylophone', 'known here: public, staff, certificate'],
  ['a slash in the chain', { organisation: 'acme/nl' }, 'organisation', 'letters, digits, dots, dashes'],
  ['a plus in the store', { 'store.id': 'nl+42' }, 'store.id', 'letters, digits, dots, dashes'],
  ['a hash in the gateway', { gateway: '#1' }, 'gateway', 'letters, digits, dots, dashes'],
  ['a number as gateway', { gateway: 1 }, 'gateway', 'Put quotes around it.'],
  ['a store that is a text', { store: 'nl-0042' }, 'store', 'Write its keys on indented lines below it'],
  ['a store without time zone', { 'store.timezone': undefined }, 'store.timezone', 'Add `timezone`: an IANA time zone'],
  ['a country in small letters', { 'store.country': 'nl' }, 'store.country', 'two capital letters of ISO 3166'],
  ['opening hours as a number', { 'store.opening': 900 }, 'store.opening', 'a map of weekdays (mo-fr, sa) and dates'],
  ['hours that no clock shows', { 'store.opening': '9-18' }, 'store.opening', '"09:00-18:00"'],
  ['an unknown weekday', { 'store.opening': { mon: '09:00-18:00' } }, 'store.opening.mon', 'Keys are weekdays (mo, tu'],
  ['wrong hours of a day', { 'store.opening': { mo: '9 to 5' } }, 'store.opening.mo', '"09:00-18:00"'],
  ['one language as a text', { 'store.languages': 'nl' }, 'store.languages', 'Write it as a list'],
  ['a language twice', { 'store.languages': ['nl', 'nl'] }, 'store.languages', 'languages of the pages'],
  ['no contact', { 'controller.contact': undefined }, 'controller.contact', 'where shoppers turn to'],
  [
    'a contact that is none',
    { 'controller.contact': 'ask us' },
    'controller.contact',
    'an e-mail address, an https:// address',
  ],
  ['no zones', { zones: [] }, 'zones', 'the doors and parts of the shop'],
  ['a zone kind that is none', { 'zones[1].kind': 'areas' }, 'zones[1].kind', 'Write `area`.'],
  ['a zone in capitals', { 'zones[0].id': 'Entrance' }, 'zones[0].id', 'lower-case letters'],
  ['a sensor that is a text', { 'sensors[0]': 'beam' }, 'sensors[0]', 'Write id, kind, zone'],
  ['a sensor without kind', { 'sensors[0].kind': undefined }, 'sensors[0].kind', 'Choose one of beam-pair, ld2450'],
  ['a sensor kind nearly right', { 'sensors[2].kind': 'ld2540' }, 'sensors[2].kind', 'Did you mean `ld2450`?'],
  [
    'a key of another kind',
    { 'sensors[1].outer': 'GPIO5' },
    'sensors[1].outer',
    'belongs under `sensors[]` of kind beam-pair',
  ],
  ['a GPIO pin by number', { 'sensors[0].outer': 17 }, 'sensors[0].outer', 'Put quotes around it.'],
  ['a GPIO pin by another name', { 'sensors[0].outer': 'BCM17' }, 'sensors[0].outer', 'such as GPIO17'],
  ['no inner beam', { 'sensors[0].inner': undefined }, 'sensors[0].inner', 'Add `inner`: a line of the pin header'],
  ['a port without its folder', { 'sensors[1].port': 'ttyUSB0' }, 'sensors[1].port', '/dev/serial/by-path/'],
  ['a speed in quotes', { 'sensors[1].baud': '115200' }, 'sensors[1].baud', 'Take the quotes away.'],
  ['a speed too low', { 'sensors[1].baud': 300 }, 'sensors[1].baud', 'from 1200 to 4000000; 115200 is the default'],
  ['half a baud', { 'sensors[1].baud': 9600.5 }, 'sensors[1].baud', 'Leave out the part after the point.'],
  ['a line with one end', { 'sensors[2].line': [[0, 0]] }, 'sensors[2].line', 'counting line'],
  ['a point with three coordinates', { 'sensors[2].line[0]': [0, 1, 2] }, 'sensors[2].line[0]', '[x, y] in mm'],
  ['a point far outside', { 'sensors[2].line[0]': [0, 90_000] }, 'sensors[2].line[0][1]', 'from -20000 to 20000'],
  [
    'two corners of an area',
    {
      'sensors[2].areas': [
        {
          zone: 'shoes',
          polygon: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    },
    'sensors[2].areas[0].polygon',
    'corners in order',
  ],
  ['an adapter that is none', { 'sensors[3].adapter': 'wlan0' }, 'sensors[3].adapter', 'the Bluetooth adapter'],
  [
    'no registers',
    { 'sensors[0]': { ...modbus, registers: [] } },
    'sensors[0].registers',
    'the registers that count people',
  ],
  [
    'a register of three words',
    { 'sensors[0]': { ...modbus, registers: [{ ...register, words: 3 }] } },
    'sensors[0].registers[0].words',
    '16-bit registers',
  ],
  ['a beacon without format', { beacons: [{ id: 'desk' }] }, 'beacons[0].format', 'how it is known'],
  [
    'a beacon format nearly right',
    { beacons: [{ ...beacon, format: 'eddystone' }] },
    'beacons[0].format',
    'eddystone-uid',
  ],
  ['a UUID without dashes', { beacons: [{ ...beacon, uuid: 'f7826da6' }] }, 'beacons[0].uuid', 'such as "f7826da6-'],
  ['a major above 16 bits', { beacons: [{ ...beacon, major: 70_000 }] }, 'beacons[0].major', 'from 0 to 65535'],
  ['an address with dashes', { beacons: [tag('A4-C1-38-8D-18-B2')] }, 'beacons[0].address', 'A4:C1:38:8D:18:B2'],
  ['a key cut short', { beacons: [{ ...phone, key: 'ec0234' }] }, 'beacons[0].key', 'most significant byte first'],
  ['a key without quotes', { beacons: [{ ...phone, key: 123 }] }, 'beacons[0].key', 'Put quotes around it.'],
  ['a profile nearly right', { 'privacy.profile': 'footfal' }, 'privacy.profile', 'Write `footfall`.'],
  ['a window of ten minutes', { 'privacy.window': '10m' }, 'privacy.window', 'length of a slot'],
  [
    'a way to switch the noise off',
    { 'privacy.noise': false },
    'privacy.noise',
    'known here: profile, window, precision',
  ],
  [
    'phones without signs',
    { 'privacy.phones': { ...phones, signage: false } },
    'privacy.phones.signage',
    'signs stand at every entrance',
  ],
  [
    'a purpose without recipient',
    { purposes: [{ ...purpose, recipient: undefined }] },
    'purposes[0].recipient',
    'Add `recipient`',
  ],
  [
    'a purpose without retention',
    { purposes: [{ ...purpose, retention: undefined }] },
    'purposes[0].retention',
    'Add `retention`',
  ],
  [
    'a hundred signals a day',
    { purposes: [{ ...purpose, caps: { perDay: 100 } }] },
    'purposes[0].caps.perDay',
    'from 1 to 24',
  ],
  [
    'a benefit that is a list',
    { purposes: [{ ...purpose, benefit: ['yes'] }] },
    'purposes[0].benefit',
    'what the shopper gets',
  ],
  ['a retention without unit', { 'retention.logs': '7' }, 'retention.logs', 'a number and a unit, such as 30s, 15m'],
  ['a broker without scheme', { 'upstream.url': 'broker.acme.example:8883' }, 'upstream.url', 'mqtts://host:port'],
  ['an address without port', { 'web.staff': '0.0.0.0' }, 'web.staff', 'host:port'],
  ['an empty data folder', { data: '' }, 'data', 'folder of everything that lasts'],
  ['a clock setting that is none', { clock: 'trust' }, 'clock', 'Write `trusted`.'],
]

/** What only the gateway sees: parts that do not fit each other, the machine or the calendar. */
export const wrongFit: readonly Mistake[] = [
  ['a country that is none', { 'store.country': 'XX' }, 'store.country', 'ISO 3166'],
  ['UK', { 'store.country': 'UK' }, 'store.country', 'Write `GB`.'],
  [
    'a time zone nearly right',
    { 'store.timezone': 'Europe/Amsterdm' },
    'store.timezone',
    'Did you mean `Europe/Amsterdam`?',
  ],
  ['a fixed offset as time zone', { 'store.timezone': '+02:00' }, 'store.timezone', 'continent and city'],
  ['a language that is none', { 'store.languages': ['nl', 'xx'] }, 'store.languages[1]', 'ISO 639'],
  ['a night as one interval', { 'store.opening': '22:00-02:00' }, 'store.opening', 'split at 24:00'],
  ['intervals that overlap', { 'store.opening': '09:00-13:00,12:00-18:00' }, 'store.opening', 'in order, apart'],
  [
    'intervals out of order',
    { 'store.opening': { mo: '13:00-18:00,09:00-12:00' } },
    'store.opening.mo',
    'in order, apart',
  ],
  [
    'a date that no calendar has',
    { 'store.opening': { mo: '09:00-18:00', '2026-02-30': 'closed' } },
    'store.opening.2026-02-30',
    '2026-12-25',
  ],
  [
    'a day in two ranges',
    { 'store.opening': { 'mo-th': '09:00-18:00', 'we-fr': '09:00-21:00' } },
    'store.opening.we-fr',
    'each day in one range',
  ],
  ['a shop that never opens', { 'store.opening': { su: 'closed' } }, 'store.opening', 'at least one day with hours'],
  [
    'a recipient nowhere',
    { 'controller.recipients': [{ name: 'X', country: 'QQ' }] },
    'controller.recipients[0].country',
    'ISO 3166',
  ],
  [
    'a recipient overseas without safeguard',
    { 'controller.recipients': [{ name: 'X', country: 'US' }] },
    'controller.recipients[0].safeguard',
    'adequacy decision',
  ],
  ['two zones of one id', { 'zones[1].id': 'entrance' }, 'zones[1].id', 'an id of its own'],
  ['two sensors of one id', { 'sensors[1].id': 'front-door' }, 'sensors[1].id', 'an id of its own'],
  ['a sensor in no zone', { 'sensors[0].zone': 'exit' }, 'sensors[0].zone', 'Name one of entrance, shoes'],
  [
    'an area in no zone',
    {
      'sensors[2].areas': [
        {
          zone: 'hats',
          polygon: [
            [0, 0],
            [9, 0],
            [0, 9],
          ],
        },
      ],
    },
    'sensors[2].areas[0].zone',
    'Name one of entrance, shoes',
  ],
  [
    'an area that is a line',
    {
      'sensors[2].areas': [
        {
          zone: 'shoes',
          polygon: [
            [0, 0],
            [1, 1],
            [2, 2],
          ],
        },
      ],
    },
    'sensors[2].areas[0].polygon',
    'three corners',
  ],
  [
    'a line without length',
    {
      'sensors[2].line': [
        [1, 2],
        [1, 2],
      ],
    },
    'sensors[2].line',
    'two points',
  ],
  [
    'both beams on one line',
    { 'sensors[0].inner': 'GPIO17' },
    'sensors[0].inner',
    'outer is the one nearer the street',
  ],
  [
    'a GPIO line used twice',
    { 'sensors[3]': { id: 'back', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO5', inner: 'GPIO17' } },
    'sensors[3].inner',
    'a part of its own',
  ],
  ['a serial port used twice', { 'sensors[1].port': '/dev/counter/aisle' }, 'sensors[2].port', 'a part of its own'],
  [
    'an adapter used twice',
    { 'sensors[0]': { id: 'radio-2', kind: 'ble', zone: 'entrance' } },
    'sensors[3].adapter',
    'a part of its own',
  ],
  [
    'a tf-luna inside itself',
    { 'sensors[0]': { ...luna, id: 'a', port: '/dev/a', inner: 'a' } },
    'sensors[0].inner',
    'further in',
  ],
  [
    'an inner that is no tf-luna',
    { 'sensors[0]': { ...luna, id: 'a', port: '/dev/a', inner: 'aisle' } },
    'sensors[0].inner',
    'further in',
  ],
  [
    'two tf-luna in a circle',
    {
      'sensors[0]': { ...luna, id: 'a', port: '/dev/a', inner: 'b' },
      'sensors[1]': { ...luna, id: 'b', port: '/dev/b', inner: 'a' },
    },
    'sensors[0].inner',
    'only the outer one names the inner one',
  ],
  [
    'a pair across zones',
    {
      'sensors[0]': { ...luna, id: 'a', port: '/dev/a', inner: 'b' },
      'sensors[1]': { ...luna, id: 'b', port: '/dev/b', zone: 'shoes' },
    },
    'sensors[0].inner',
    'the same zone',
  ],
  [
    'an inner of two',
    {
      'sensors[0]': { ...luna, id: 'a', port: '/dev/a', inner: 'c' },
      'sensors[1]': { ...luna, id: 'b', port: '/dev/b', inner: 'c' },
      'sensors[3]': { ...luna, id: 'c', port: '/dev/c' },
    },
    'sensors[1].inner',
    'one pair only',
  ],
  [
    'a register read twice',
    { 'sensors[0]': { ...modbus, registers: [register, { ...register, kind: 'total_out' }] } },
    'sensors[0].registers[1].addr',
    'each register once',
  ],
  [
    'a counter that wraps too late',
    { 'sensors[0]': { ...modbus, registers: [{ ...register, modulus: 70_000 }] } },
    'sensors[0].registers[0].modulus',
    'Use 65536 or less',
  ],
  ['two beacons of one id', { beacons: [beacon, { ...phone, id: 'desk' }] }, 'beacons[1].id', 'an id of its own'],
  [
    'an ibeacon without UUID',
    { beacons: [{ id: 'desk', format: 'ibeacon', major: 1 }] },
    'beacons[0].uuid',
    'Add `uuid`: the UUID that the beacon sends',
  ],
  [
    'an ibeacon with an address',
    { beacons: [{ ...beacon, address: 'A4:C1:38:8D:18:B2' }] },
    'beacons[0].address',
    'out',
  ],
  ['an eddystone-uid by UUID', { beacons: [{ ...beacon, format: 'eddystone-uid' }] }, 'beacons[0].uuid', 'namespace'],
  [
    'a bthome device without address',
    { beacons: [{ id: 't', format: 'bthome' }] },
    'beacons[0].address',
    'fixed address',
  ],
  ['a ruuvi tag with a key', { beacons: [{ ...tag('CB:B8:33:4C:88:4F'), key }] }, 'beacons[0].key', 'Keys of ruuvi'],
  ['an irk without key', { beacons: [{ id: 'jo', format: 'irk', staff: true }] }, 'beacons[0].key', '32 hex digits'],
  ['a key of zeros', { beacons: [{ ...phone, key: '0'.repeat(32) }] }, 'beacons[0].key', 'Copy it from the device.'],
  ['the address of a group', { beacons: [tag('01:00:5E:00:00:01')] }, 'beacons[0].address', 'Copy it from the device.'],
  ['the address of everybody', { beacons: [tag('FF:FF:FF:FF:FF:FF')] }, 'beacons[0].address', 'Copy it'],
  ['a beacon written twice', { beacons: [beacon, { ...beacon, id: 'b' }] }, 'beacons[1]', 'Write each device once'],
  [
    'a beacon of any minor beside one of them',
    { beacons: [beacon, { ...beacon, id: 'b', uuid: beacon.uuid.toUpperCase(), minor: 7 }] },
    'beacons[1]',
    'Write each device once',
  ],
  [
    'two devices of one address',
    { beacons: [tag('CB:B8:33:4C:88:4F'), { id: 'b', format: 'bthome', address: 'cb:b8:33:4c:88:4f' }] },
    'beacons[1]',
    'Write each device once',
  ],
  ['two phones of one key', { beacons: [phone, { ...phone, id: 'b' }] }, 'beacons[1]', 'Write each device once'],
  [
    'keys of 51 phones',
    { beacons: Array.from({ length: 51 }, (_, i) => ({ ...phone, id: `p${i}`, key: String(i).padStart(32, 'a') })) },
    'beacons',
    'Keep the keys of 50 devices',
  ],
  [
    'the profile phones without its settings',
    { 'privacy.profile': 'phones' },
    'privacy.phones',
    'assessment, legalBasis, signage and optOutUrl',
  ],
  [
    'the profile phones without radio',
    { 'privacy.profile': 'phones', 'privacy.phones': phones, 'sensors[3]': radar },
    'privacy.profile',
    'Add one to sensors.',
  ],
  [
    'an assessment that is not there',
    { 'privacy.phones': { ...phones, assessment: 'none.pdf' } },
    'privacy.phones.assessment',
    'Name the signed file.',
  ],
  ['the profile dwell without areas', { 'privacy.profile': 'dwell' }, 'privacy.profile', 'Give areas to one'],
  [
    'a zone with the name of all doors together',
    { 'privacy.profile': 'occupancy', 'zones[1].id': 'shop', 'sensors[2].zone': 'shop' },
    'zones[1].id',
    'Give the zone another id.',
  ],
  [
    'stays timed in more zones than a visit may pay for',
    {
      'privacy.profile': 'dwell',
      'privacy.precision': 'fine',
      zones: ['entrance', 'shoes', 'hats', 'socks'].map((id) => ({
        id,
        name: id,
        kind: id === 'entrance' ? 'door' : 'area',
      })),
      'sensors[2].areas': ['shoes', 'hats', 'socks'].map((zone) => ({
        zone,
        polygon: [
          [0, 0],
          [1000, 0],
          [0, 1000],
        ],
      })),
    },
    'zones',
    'Give the radar areas in fewer zones',
  ],
  [
    'more areas than a visit can pay',
    {
      zones: [
        { id: 'entrance', name: 'E' },
        ...Array.from({ length: 9 }, (_, i) => ({ id: `a${i}`, name: 'A', kind: 'area' })),
        { id: 'shoes', name: 'S' },
      ],
    },
    'zones',
    'fewer area zones',
  ],
  [
    'a text missing in a language',
    { purposes: [{ ...purpose, texts: { nl: 'Ja?' } }] },
    'purposes[0].texts.en',
    'Add the text.',
  ],
  [
    'a text in no language',
    { purposes: [{ ...purpose, texts: { ...purpose.texts, xx: '?' } }] },
    'purposes[0].texts.xx',
    'ISO 639',
  ],
  [
    'a purpose kept for ever',
    { purposes: [{ ...purpose, retention: '99y' }] },
    'purposes[0].retention',
    'such as 180d',
  ],
  [
    'more a visit than a day',
    { purposes: [{ ...purpose, caps: { perDay: 1, perVisit: 2 } }] },
    'purposes[0].caps.perVisit',
    'raise caps.perDay',
  ],
  [
    'quiet hours of no length',
    { purposes: [{ ...purpose, quiet: '08:00-08:00' }] },
    'purposes[0].quiet',
    '21:00-08:00',
  ],
  ['two purposes of one id', { purposes: [purpose, purpose] }, 'purposes[1].id', 'an id of its own'],
  ['a journal kept too short', { 'retention.journal': '7d' }, 'retention.journal', 'such as 30d'],
  ['a glass box kept too long', { 'retention.glassBox': '31d' }, 'retention.glassBox', 'such as 30d'],
  ['logs kept too long', { 'retention.logs': '1y' }, 'retention.logs', 'such as 30d'],
  ['signals kept too long', { 'retention.signals': '91d' }, 'retention.signals', 'such as 90d'],
  [
    'a record of consent kept too short',
    { 'retention.consentRecords': '30d' },
    'retention.consentRecords',
    'such as 1y',
  ],
  [
    'a broker with its password in the address',
    { 'upstream.url': 'mqtts://me:hunter2@broker.acme.example:8883' },
    'upstream.url',
    'upstream.username and upstream.password',
  ],
  [
    'a broker with an impossible port',
    { 'upstream.url': 'mqtts://broker.acme.example:88830' },
    'upstream.url',
    'mqtts://broker.example:8883',
  ],
  [
    'a broker with a path',
    { 'upstream.url': 'mqtts://broker.acme.example:8883/mqtt' },
    'upstream.url',
    'Leave that out.',
  ],
  ['a certificate without key', { 'upstream.key': undefined }, 'upstream.key', 'Add the private key of cert.'],
  ['a key without certificate', { 'upstream.cert': undefined }, 'upstream.cert', 'Add the certificate of key.'],
  ['a password without name', { 'upstream.password': 'hunter2' }, 'upstream.username', 'Add the name'],
  [
    'certificates for an open connection',
    { 'upstream.url': 'mqtt://127.0.0.1' },
    'upstream.ca',
    'Use mqtts://, or take it out.',
  ],
  [
    'a certificate that is not there',
    { 'upstream.ca': 'none.pem' },
    'upstream.ca',
    'relative to the configuration file',
  ],
  ['a key in place of a certificate', { 'upstream.cert': 'gw-1.key' }, 'upstream.cert', 'Check the path'],
  ['a key with a passphrase', { 'upstream.key': 'locked.key' }, 'upstream.key', 'Check the path'],
  ['shoppers and staff on one port', { 'web.staff': '127.0.0.1:8080' }, 'web.staff', 'kept apart'],
  ['a port that no machine has', { 'web.public': '0.0.0.0:70000' }, 'web.public', 'from 1 to 65535'],
]
