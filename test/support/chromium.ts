import { type Browser, chromium } from 'playwright-core'
import { need } from './need.ts'

/** Is there a browser to look at pages with? */
export function needChromium(): boolean {
  return need('chromium')
}

/** The system's Chromium, without a window and without a word to anybody but the page that is asked for. */
export async function openChromium(): Promise<Browser> {
  const quiet = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  return chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, chromiumSandbox: false, args: quiet })
}
