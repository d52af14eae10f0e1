// Small things that every page needs: its words, its elements.

/** A block of data that the page came with; null when there is none. */
export function dataOf(id) {
  const block = document.getElementById(id)
  return block && JSON.parse(block.textContent)
}

export const language = document.documentElement.lang
// English as it is spoken in Europe: the day before the month, and 24 hours.
const locale = language === 'en' ? 'en-GB' : language
const words = dataOf('words') ?? {}

/** A sentence of the page's language, with its {values} filled in. */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all)
}

export const find = (id) => document.getElementById(id)

/** An element with these properties and children; attributes with a dash or colon are set as such. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-') || key === 'for') element.setAttribute(key, value)
    else element[key] = value
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** A button that waits for what it started, so that nobody starts it twice. */
export function button(label, start, properties = {}) {
  const element = make('button', { type: 'button', textContent: label, ...properties })
  element.addEventListener('click', () => busy(element, start))
  return element
}

export async function busy(element, start) {
  if (element.getAttribute('aria-disabled') === 'true') return
  element.setAttribute('aria-disabled', 'true')
  try {
    await start()
  } finally {
    element.removeAttribute('aria-disabled')
  }
}

export function day(iso, dateStyle = 'long') {
  return new Intl.DateTimeFormat(locale, { dateStyle }).format(new Date(iso))
}

export function time(iso) {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(new Date(iso))
}

export function days(count) {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(count)
}

/** Hands a text over as a file; nothing is sent anywhere. */
export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  make('a', { href: address, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
