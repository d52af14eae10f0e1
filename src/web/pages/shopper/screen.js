// The shop's screen: goes on to the next code, and shows none that is too old when the box is gone.
const code = document.getElementById('code')
const bar = document.getElementById('left')
const lost = document.getElementById('lost')
const ends = performance.now() + Number(code.dataset.seconds) * 1000

const step = setInterval(() => {
  const left = (ends - performance.now()) / 1000
  if (bar) bar.value = Math.max(0, left)
  if (left > 0) return
  clearInterval(step)
  next()
}, 1000)

async function next() {
  try {
    const { ok } = await fetch('screen', { cache: 'no-store' })
    if (ok) return location.reload()
  } catch {
    // The box is gone for now; it is asked again below.
  }
  code.remove()
  lost.hidden = false
  setTimeout(next, 3000)
}
