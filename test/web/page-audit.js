// Runs in the page: what an accessibility checker would say. Returns sentences; none is good.
;(() => {
  const found = []
  const say = (element, what) => {
    const name = element.id
      ? `#${element.id}`
      : `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`
    found.push(`${name}: ${what}`)
  }
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  const all = (selector) => [...document.querySelectorAll(selector)]

  // Colours as sRGB, WCAG 2.2 1.4.3.
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const contrast = (one, other) => {
    const [light, dark] = [luminance(rgb(one)), luminance(rgb(other))].sort((a, b) => b - a)
    return (light + 0.05) / (dark + 0.05)
  }
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (rgb(color)[3] === 255) return color
    }
    return 'white'
  }

  for (const element of all('body *')) {
    const ownText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
    if (!ownText || !isShown(element) || element.closest('.leaving, script, title, desc')) continue
    const style = getComputedStyle(element)
    const color = element.closest('svg') ? style.fill : style.color
    const grounds = [
      ground(element),
      ...(element.closest('#plan') ? [getComputedStyle(document.body).backgroundColor] : []),
    ]
    for (const behind of grounds) {
      const ratio = contrast(color, behind)
      if (ratio < 4.5) say(element, `its text has a contrast of ${ratio.toFixed(2)} (${color} on ${behind})`)
    }
    const box = element.closest('svg')
    const scale = box ? box.getBoundingClientRect().width / box.viewBox.baseVal.width : 1
    if (Number.parseFloat(style.fontSize) * scale < 10.5)
      say(element, `its text is ${style.fontSize} x ${scale.toFixed(2)}`)
  }

  const ids = all('[id]').map(({ id }) => id)
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) found.push(`#${id} is there twice`)
  for (const attribute of ['aria-labelledby', 'aria-describedby']) {
    for (const element of all(`[${attribute}]`)) {
      const named = element
        .getAttribute(attribute)
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent.trim())
      if (!named.every(Boolean)) say(element, `${attribute} names nothing`)
    }
  }
  const hasName = (element) => element.getAttribute('aria-label') || element.getAttribute('aria-labelledby')
  for (const element of all('[role="img"], [role="region"], section, progress'))
    if (!hasName(element)) say(element, 'has no name')
  for (const element of all('button, summary')) {
    if (!element.textContent.trim()) say(element, 'has no name')
    const { width, height } = element.getBoundingClientRect()
    if (isShown(element) && (width < 44 || height < 44)) say(element, `is a small target: ${width} x ${height}`)
  }
  for (const element of all('svg')) if (!element.getAttribute('role')) say(element, 'is neither an image nor hidden')
  for (const element of all('table')) {
    if (!element.caption && !element.getAttribute('aria-describedby')) say(element, 'has no caption')
    for (const head of element.querySelectorAll('th')) if (!head.scope) say(head, 'has no scope')
  }
  const levels = all('h1, h2, h3').map(({ tagName }) => Number(tagName[1]))
  if (levels.filter((level) => level === 1).length !== 1) found.push('there is not one h1')
  for (const [index, level] of levels.entries())
    if (level > (levels[index - 1] ?? 0) + 1) found.push(`a level is skipped before heading ${index + 1}`)
  for (const element of all('input, select, textarea'))
    if (isShown(element) && ![...element.labels].some((label) => label.textContent.trim()) && !hasName(element))
      say(element, 'has no label')
  // A link in the middle of a sentence may be as small as the sentence (WCAG 2.2 2.5.8).
  for (const element of all('nav a, a.button, input:not([type="checkbox"], [type="radio"]), select, textarea')) {
    const { height } = element.getBoundingClientRect()
    if (isShown(element) && height < 44) say(element, `is a small target: ${height} high`)
  }
  if (!['de', 'en', 'nl', 'sv'].includes(document.documentElement.lang))
    found.push('the page does not say its language')
  for (const landmark of ['header', 'main', 'footer'])
    if (all(landmark).length !== 1) found.push(`there is not one ${landmark}`)
  if (document.documentElement.scrollWidth > innerWidth)
    found.push(`it is wider than the screen: ${document.documentElement.scrollWidth}`)
  return found
})()
