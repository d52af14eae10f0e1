/**
 * From which age somebody may agree by themselves (GDPR Art. 8(1): 16, unless a member state's law says a lower age, never
 * below 13). Only what is lower than 16 stands here: national acts as mapped by Ghent University for Better Internet for Kids
 * and in Bird & Bird's GDPR tracker. Where sources differ or the law has since been raised (DK, NO), the higher age.
 */
const lowerAges: Readonly<Record<number, string>> = {
  13: 'BE EE FI IS LV MT PT SE',
  14: 'AT BG CY ES IT LT',
  15: 'CZ DK FR GR NO SI',
}

const standardAge = 16

/** @param country two capital letters of ISO 3166; one that is not known has the standard age */
export function ageLimitOf(country: string): number {
  const found = Object.entries(lowerAges).find(([, countries]) => countries.split(' ').includes(country))
  return found ? Number(found[0]) : standardAge
}

/** Fails closed: who does not say their age may not agree. The age itself is not kept, only the limit it passed. */
export function isOldEnough(age: number | undefined, country: string): boolean {
  return age !== undefined && age >= ageLimitOf(country) && age < 150
}
