/**
 * Whoever sends this service UUID is not counted: the same for everybody, so it tells nothing else. Chosen at random once,
 * published in README, and never to change. It may stand in a list of 128-bit services or before service data.
 */
export const doNotCountUuid = 'f1b81652-c96f-42f9-8c3e-40382406267a'

/** The same as it stands in an advert, least significant byte first. */
export const doNotCountBytes: Uint8Array = Uint8Array.from(doNotCountUuid.replaceAll('-', '').match(/../g)!, (digits) =>
  Number.parseInt(digits, 16),
).reverse()
