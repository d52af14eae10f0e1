import type { Grant } from './grant.ts'
import type { AgreedPurpose, ReceiptSource } from './receipt.ts'
import { type ConsentRecord, isOpen } from './record.ts'
import type { ControllerSettings, PurposeSettings } from './settings.ts'
import type { Visit } from './visits.ts'

/** What a receipt says of the shop. */
export interface ReceiptShop {
  readonly controller: ControllerSettings
  readonly purposes: readonly PurposeSettings[]
  readonly country: string
  /** The store as people know it. */
  readonly service: string
  /** The page with the whole notice; '' where there is none. */
  readonly policyUrl: string
}

/** The receipt of a record: what is agreed to in it now. */
export function sourceOfRecord(record: ConsentRecord, shop: ReceiptShop): ReceiptSource {
  const { principal, language, method } = record.opened
  const agreed = [...record.purposes.values()].flatMap((one) => (isOpen(one) && one.agreed ? [one.agreed] : []))
  const purposes = agreed.map((one) => ({ ...one, recipient: recipientOf(one.purpose, shop) }))
  return { ...headOf(shop), id: record.id, principal, language, method, agreedAt: record.touchedAt, purposes }
}

/** The receipt of "just this visit". The visit's own id stands for the shopper, since no other is kept. */
export function sourceOfVisit(visit: Visit, shop: ReceiptShop): ReceiptSource {
  const { id, language, since } = visit
  const purposes = visit.grants.map((grant) => purposeOfGrant(grant, shop))
  return { ...headOf(shop), id, principal: id, language, method: 'page', agreedAt: since, purposes }
}

function headOf({ controller, country, service, policyUrl }: ReceiptShop) {
  const { name, contact } = controller
  return { jurisdiction: country, controller: { name, contact }, service, policyUrl }
}

function purposeOfGrant({ purpose, handle, notice, validUntil }: Grant, shop: ReceiptShop): AgreedPurpose {
  return { purpose, handle, notice, until: validUntil, recipient: recipientOf(purpose, shop) }
}

function recipientOf(purpose: string, { purposes, controller }: ReceiptShop): string {
  return purposes.find(({ id }) => id === purpose)?.recipient ?? controller.name
}
