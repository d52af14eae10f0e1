import jsQR from 'jsqr'
import type { Page } from 'playwright-core'

const scale = 4

/** What a phone's camera would read from the QR code that is on the page, from its drawn modules. */
export async function readQr(page: Page, selector: string): Promise<string> {
  const { size, path } = await page.evaluate<{ size: number; path: string }>(`(() => {
    const picture = document.querySelector(${JSON.stringify(selector)})
    return { size: picture.viewBox.baseVal.width, path: picture.querySelector('path').getAttribute('d') }
  })()`)
  const found = jsQR.default(rasterOf(path, size), size * scale, size * scale)
  if (!found) throw new Error('There is no QR code that can be read.')
  return found.data
}

function rasterOf(path: string, size: number): Uint8ClampedArray {
  const width = size * scale
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let row = 0; row < scale; row++) {
      const start = ((Number(y) * scale + row) * width + Number(x) * scale) * 4
      for (let at = start; at < start + scale * 4; at += 4) pixels.fill(0, at, at + 3)
    }
  }
  return pixels
}
