// What this browser keeps. Until the shopper says otherwise a receipt lasts as long as the tab; nothing of it is sent.
// The name says which shop, since head office serves many at one address.

const name = `drempel.receipt ${location.pathname.replace(/[^/]*$/, '')}`
const refused = 'drempel.refused'

function reading(read) {
  try {
    return read()
  } catch {
    // Storage may be switched off: then the receipt is on the page only.
    return null
  }
}

/** null when there is none, or when it has ended: then it goes. */
export function held() {
  const mine = reading(() => JSON.parse(localStorage.getItem(name) ?? sessionStorage.getItem(name)))
  if (!mine?.until || Date.parse(mine.until) > Date.now()) return mine
  drop()
  return null
}

export function isKept() {
  return reading(() => localStorage.getItem(name)) !== null
}

/** Holds it where the one before was held. */
export function hold(mine) {
  reading(() => (isKept() ? localStorage : sessionStorage).setItem(name, JSON.stringify(mine)))
}

export function keep() {
  reading(() => {
    localStorage.setItem(name, sessionStorage.getItem(name))
    sessionStorage.removeItem(name)
  })
}

export function unkeep() {
  reading(() => {
    sessionStorage.setItem(name, localStorage.getItem(name))
    localStorage.removeItem(name)
  })
}

export function drop() {
  reading(() => localStorage.removeItem(name))
  reading(() => sessionStorage.removeItem(name))
}

export const hasRefused = () => reading(() => localStorage.getItem(refused)) === '1'
export const refuse = () => reading(() => localStorage.setItem(refused, '1'))
