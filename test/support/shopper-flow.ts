import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/**
 * A shopper who has a keyboard and no mouse, on the shopper's page: used against a desk that lives in a test and against
 * a real box, which differ in `token` only.
 */
export interface Shopping {
  readonly page: Page
  /** The page's address, with its slash at the end. */
  readonly url: string
  readonly language: string
  /** What the shop's screen shows now, as somebody reads it. */
  readonly token: () => string
  /** Ids of the purposes to agree to. */
  readonly purposes: readonly string[]
}

/** Goes with Tab to the element with this id; fails when the keyboard does not come there, or nothing shows that it is there. */
export async function tabTo(page: Page, id: string): Promise<void> {
  for (let steps = 0; steps < 80; steps++) {
    const now = await page.evaluate<{ id: string; ring: string }>(
      `(({ id }, { outlineStyle }) => ({ id, ring: outlineStyle }))(document.activeElement, getComputedStyle(document.activeElement))`,
    )
    if (now.id === id) {
      expect(now.ring, `the ring of #${id}`).not.toBe('none')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`The keyboard does not come to #${id}.`)
}

/** Presses a button, as the keyboard does. */
export async function press(page: Page, id: string, key = 'Enter'): Promise<void> {
  await tabTo(page, id)
  await page.keyboard.press(key)
}

export async function type(page: Page, id: string, text: string): Promise<void> {
  await tabTo(page, id)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(text)
}

export async function openPage({ page, url, language }: Shopping, fragment = ''): Promise<void> {
  await page.goto(`${url}?language=${language}${fragment}`)
  expect(await page.locator('html').getAttribute('lang')).toBe(language)
}

/** Says no, finds the page quiet on the next visit too, and changes their mind. */
export async function refuse(shopping: Shopping): Promise<void> {
  const { page } = shopping
  await openPage(shopping)
  await press(page, 'refuse')
  await page.locator('#quiet').waitFor()
  await openPage(shopping)
  expect(await page.locator('#quiet').isVisible()).toBe(true)
  expect(await page.locator('#choices').count()).toBe(0)
  await page.locator('#quiet a').focus()
  await page.keyboard.press('Enter')
  await page.locator('#choices').waitFor()
}

async function choose({ page, purposes }: Shopping): Promise<void> {
  for (const id of purposes) {
    expect(await page.locator(`#purpose-${id}`).isChecked(), 'off by default').toBe(false)
    await press(page, `purpose-${id}`, 'Space')
  }
}

/** Just this visit, with the token typed as people type. */
export async function checkIn(shopping: Shopping): Promise<void> {
  const { page, token } = shopping
  await openPage(shopping)
  expect(await page.locator('#length-visit').isChecked(), 'just this visit by default').toBe(true)
  await choose(shopping)
  await type(
    page,
    'token',
    token()
      .toLowerCase()
      .replace(/(.{4})(.{4})/, '$1-$2 '),
  )
  await type(page, 'age', '44')
  await press(page, 'join')
  await page.locator('#leave-now').waitFor()
}

/** Just this visit, with the token of a QR code's fragment (`#t=...&k=...`); the address bar must not keep it. */
export async function checkInScanned(shopping: Shopping, fragment: string): Promise<void> {
  const { page } = shopping
  await openPage(shopping, fragment)
  await page.locator('#token-scanned').waitFor()
  expect(page.url()).not.toContain('#')
  await choose(shopping)
  await type(page, 'age', '44')
  await press(page, 'join')
  await page.locator('#leave-now').waitFor()
}

/** Longer, with the shortest end date that may be chosen for each purpose. */
export async function joinLonger(shopping: Shopping): Promise<void> {
  const { page, token, purposes } = shopping
  await openPage(shopping)
  await choose(shopping)
  await tabTo(page, 'length-visit')
  await page.keyboard.press('ArrowDown')
  for (const id of purposes) {
    await tabTo(page, `days-${id}`)
    await page.keyboard.press('Home')
  }
  await type(page, 'token', token())
  await type(page, 'age', '44')
  await press(page, 'join')
  await page.locator('#leave-now').waitFor()
}

export async function seeMine({ page }: Shopping): Promise<void> {
  await press(page, 'see')
  await page.locator('.standing').first().waitFor()
}

/** Changes the end date of one purpose, and takes it back altogether. */
export async function changeOne({ page }: Shopping, purpose: string): Promise<void> {
  await tabTo(page, `change-${purpose}`)
  await page.keyboard.press('End')
  const [receipt, end] = [page.locator('#receipt-text'), page.locator('#mine-end')]
  const before = [await receipt.textContent(), await end.textContent()]
  await press(page, `do-change-${purpose}`)
  await expect.poll(() => receipt.textContent()).not.toBe(before[0])
  await expect.poll(() => end.textContent()).not.toBe(before[1])
  await press(page, `stop-${purpose}`)
  await page.locator(`#stop-${purpose}`).waitFor({ state: 'detached' })
}

export async function pauseAndResume({ page }: Shopping): Promise<void> {
  await press(page, 'pause')
  await page.locator('#resume').waitFor()
  await press(page, 'resume')
  await page.locator('#pause').waitFor()
}

/** One press, and it is done. Returns what the page says of head office. */
export async function leaveNow({ page }: Shopping): Promise<string> {
  await press(page, 'leave-now')
  const erasure = page.locator('[id^="erasure-"]')
  await erasure.waitFor()
  return (await erasure.getAttribute('id'))!.replace('erasure-', '')
}
