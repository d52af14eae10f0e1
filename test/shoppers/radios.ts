import { seal } from '../../src/base/sealed.ts'
import type { Recognised } from '../../src/observations/observation.ts'
import { createRecognition, type Recognition } from '../../src/observations/recognition.ts'
import { createTag, type Tag } from '../../src/shopper/tag.ts'
import type { Box } from './box.ts'

const address = Uint8Array.of(0x4a, 1, 2, 3, 4, 5)

/** The box with its radios: what a tag says goes through recognition as it is. */
export function withRadios(box: Box) {
  let heard: Recognised[] = []
  let recognition: Recognition

  function listen(): void {
    recognition = createRecognition({
      beacons: [],
      tags: box.shoppers.tags,
      observe(observation) {
        if (observation.kind !== 'recognised') throw new Error(observation.kind)
        heard.push(observation)
        box.shoppers.recognised(observation)
      },
    })
  }

  listen()
  return {
    listen,
    /** How often somebody was recognised since the last time. */
    recognised() {
      const count = heard.length
      heard = []
      return count
    },
    say(advert: Uint8Array, rssi = -60, zone = 'entrance') {
      const data = Uint8Array.from(advert)
      const reading = { kind: 'advert' as const, sensor: 'radio', at: box.clock.monotonic() }
      recognition.hear({ ...reading, advert: seal({ address, type: 'random' as const, rssi, data }) }, zone)
    },
  }
}

export type Radios = ReturnType<typeof withRadios>

/** A tag of a shopper who asked for it, not yet held nor handed over. */
export function beginTag(box: Box, secret: string): { tag: Tag; handOver: () => object } {
  const offer = box.ask({ ask: 'offer', language: 'nl' })
  const begun = box.ask({ ask: 'tag-token', fresh: offer.state === 'offer' ? offer.fresh : '', secret })
  if (begun.state !== 'tag') throw new Error(JSON.stringify(begun))
  const publicKeyOfBox = Buffer.from(begun.publicKey, 'base64url')
  const tag = createTag({ publicKeyOfBox, now: () => box.clock.now() })!
  return {
    tag,
    handOver() {
      const { publicKey, exponent, counter } = tag.handOver(Buffer.from(begun.tagToken, 'base64url'))
      return {
        ask: 'tag',
        tagToken: begun.tagToken,
        by: 'nfc',
        publicKey: publicKey.toString('base64url'),
        exponent,
        counter,
      }
    },
  }
}

/** Held to the beacon. */
export function hold(box: Box, radios: Radios, tag: Tag, rssi = -40, frames = 5): void {
  for (let i = 0; i < frames; i++) {
    box.pass(300, 300)
    radios.say(tag.advert(), rssi)
  }
}

/** A tag that was held to the beacon and handed over for the record of this receipt. */
export function enrolTag(box: Box, radios: Radios, secret: string): Tag {
  const { tag, handOver } = beginTag(box, secret)
  box.ask(handOver())
  hold(box, radios, tag)
  radios.recognised()
  return tag
}
