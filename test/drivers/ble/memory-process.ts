import { systemClock } from '../../../src/base/clock.ts'
import { systemBusPaths } from '../../../src/base/system-bus.ts'
import { openBusReader } from '../../../src/drivers/ble/bus/reader.ts'
import { idleEars } from '../../support/bluez/idle-ears.ts'

// Listens as the service would, and says how many adverts and devices there are; its memory is looked at from outside.
const spread = process.argv[2] === 'spread'
const kept: string[] = []
const reader = await openBusReader({
  paths: systemBusPaths(),
  adapter: 'hci0',
  clock: systemClock(() => true),
  on: {
    advert() {
      // The planted fault: what a proxy or a Map of devices would keep.
      if (spread) kept.push(['/org/bluez/hci0/dev_C7', '1D', '5E', 'AD', 'BE', `EF-${kept.length}`].join('_'))
      tell()
    },
    ...idleEars,
  },
})

function tell(): void {
  const { adverts, devices } = reader.stats()
  process.stdout.write(`${JSON.stringify({ adverts, devices })}\n`)
}
setInterval(tell, 20)
