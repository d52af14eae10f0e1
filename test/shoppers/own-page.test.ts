import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { silentLog } from '../../src/base/log.ts'
import { openShopperPage, type ShopperPage } from '../../src/shoppers/page.ts'
import { aBox, type Box, checkIn, configOf, receiptOf } from './box.ts'

let box: Box
let page: ShopperPage
beforeEach(async () => {
  box = aBox()
  box.pass(second)
  const web = { ...configOf().web, public: '127.0.0.1:0' }
  page = (await openShopperPage({ web, shoppers: box.shoppers, realClock: box.clock, log: silentLog }))!
})
afterEach(async () => {
  await page.close()
  box.remove()
})

async function leave(receipt: string): Promise<number> {
  const body = new URLSearchParams({ receipt })
  return (await fetch(`http://127.0.0.1:${page.port}/leave`, { method: 'POST', body })).status
}

it('who leaves a visit twice without JavaScript is told both times that it is done', async () => {
  const { secret } = receiptOf(box.inTheShop(checkIn))
  expect(await leave(secret)).toBe(200)
  expect(await leave(secret)).toBe(200)
  expect(await leave('A'.repeat(22))).toBe(404)
})

it('a certificate that is none, or is not there, costs the page and not the box', async () => {
  const cert = join(box.folder, 'cert.pem')
  const served = () => {
    const web = { ...configOf().web, public: '127.0.0.1:0', certificate: { cert, key: cert } }
    return openShopperPage({ web, shoppers: box.shoppers, realClock: box.clock, log: silentLog })
  }
  expect(await served()).toBeUndefined()
  writeFileSync(cert, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  expect(await served()).toBeUndefined()
})
