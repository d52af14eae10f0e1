import { added, changed } from '../../support/bluez/messages.ts'

const short = (uuid: string) => `${uuid}-0000-1000-8000-00805f9b34fb`
const long = '12345678-9abc-def0-1122-334455667788'

/** A device as BlueZ shows it when it is found, with all that it may tell. */
export const everything = added(`{
  'Address': <'C7:1D:5E:AD:BE:EF'>, 'AddressType': <'random'>, 'Name': <'Canary Phone'>, 'Alias': <'Canary Phone'>,
  'Icon': <'phone'>, 'Class': <uint32 5898764>, 'Appearance': <uint16 64>, 'Paired': <false>, 'Bonded': <false>,
  'Trusted': <false>, 'Blocked': <false>, 'LegacyPairing': <false>, 'RSSI': <int16 -61>, 'Connected': <false>,
  'UUIDs': <['${short('0000feaa')}', '${long}', '${short('0000fcd2')}', '${short('1234abcd')}']>,
  'Adapter': <objectpath '/org/bluez/hci0'>, 'TxPower': <int16 -4>, 'ServicesResolved': <false>,
  'ManufacturerData': <@a{qv} {76: <@ay [0x02, 0x15, 0xaa]>, 1177: <@ay [0x05]>}>,
  'ServiceData': <{'${short('0000feaa')}': <@ay [0x30, 0x01]>, '${short('1234abcd')}': <@ay []>, '${long}': <@ay [0x09]>}>,
  'AdvertisingFlags': <@ay [0x06]>, 'Sets': <@a{oa{sv}} {'/x': {'Rank': <byte 1>}}>, 'WakeAllowed': <(true, 1.5, [int64 3])>
}`)

/** The AD structures of it, in the order in which BlueZ's properties stand. */
export const everythingData = [
  '05' + '03' + 'aafe' + 'd2fc',
  '05' + '05' + 'cdab3412',
  '11' + '07' + '8877665544332211f0debc9a78563412',
  '06' + 'ff' + '4c00' + '0215aa',
  '04' + 'ff' + '9904' + '05',
  '05' + '16' + 'aafe' + '3001',
  '05' + '20' + 'cdab3412',
  '12' + '21' + '8877665544332211f0debc9a78563412' + '09',
].join('')

/** The usual change of a device that is heard again. */
export const again = changed(`{'RSSI': <int16 -70>, 'ManufacturerData': <@a{qv} {76: <@ay [0x10, 0x05, 0x01]>}>}`)
export const againData = '06ff4c00100501'

/** What it had told before and now leaves out, since it has not changed. */
export const unchangedData = everythingData.replace('06ff4c000215aa', '').replace('04ff990405', '')
