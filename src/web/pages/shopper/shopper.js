// The shopper's page with JavaScript: joining, and what somebody has who joined.
import { createDesk } from './desk.js'
import { showJoining } from './joining.js'
import { showMine } from './mine.js'
import { dataOf, find, language } from './page.js'
import { hasRefused, held, refuse } from './shelf.js'

const scanned = takeFragment()
const offer = dataOf('offer')
const desk = createDesk(language, offer, scanned.keyId)
const mine = held()

find('no-script')?.remove()
find('refusal')?.addEventListener('submit', refuse)
if (mine) openMine(mine)
else if (offer && hasRefused() && !new URLSearchParams(location.search).has('choices')) stayQuiet()
else if (offer?.isOpen && find('joining')) showJoining({ desk, offer, token: scanned.token, onGiven: openMine })

/** A scanned QR code brings the token and the key's name behind the #, which no server sees; it goes at once. */
function takeFragment() {
  const values = new URLSearchParams(location.hash.slice(1))
  if (location.hash) history.replaceState(null, '', location.pathname + location.search)
  return { token: values.get('t'), keyId: values.get('k') }
}

// The cookie of the refusal may be gone before its time; this browser still knows.
function stayQuiet() {
  find('choices')?.remove()
  find('quiet').hidden = false
}

function openMine(given) {
  find('choices')?.remove()
  find('quiet')?.remove()
  showMine({ desk, mine: given, token: scanned.token, isNew: given.isNew })
}
