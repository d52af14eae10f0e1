// A tag of the shopper's own: the steps, and whether it worked.
import { failure } from './joining.js'
import { button, make, say } from './page.js'

const lookEvery = 2000
// The gesture asks for three; some more for slow tags.
const holdFor = 5

export function tagPart(desk, secret, hasTag) {
  const part = make('div', { className: 'card' }, make('h3', { textContent: say('tag') }))
  const steps = make('div')
  const said = make('p', { role: 'status', textContent: hasTag ? say('tagHas') : '' })
  const begin = button(say('tag'), () => beginTag(desk, secret, steps, said), { id: 'tag' })
  part.append(said, make('p', { className: 'buttons' }, begin), steps)
  return part
}

async function beginTag(desk, secret, steps, said) {
  try {
    const answer = await desk.ask({ ask: 'tag-token', secret })
    if (answer.state !== 'tag') {
      said.textContent = say(`declined-${answer.why}`)
      return
    }
    steps.replaceChildren(...stepsOf(answer))
    await watch(desk, secret, answer.seconds, said)
    steps.replaceChildren()
  } catch (error) {
    said.textContent = failure(error)
  }
}

function stepsOf({ tagToken }) {
  const lines = ['tagStepOpen', 'tagStepHold', 'tagStepWait']
  const list = make('ol', {}, ...lines.map((key) => make('li', { textContent: say(key, { seconds: holdFor }) })))
  return [
    list,
    make('p', { textContent: say('tagCode') }),
    make('p', {}, make('code', { className: 'tag-code', textContent: tagToken })),
  ]
}

async function watch(desk, secret, seconds, said) {
  said.textContent = say('tag-waiting')
  for (let left = seconds * 1000; left > 0; left -= lookEvery) {
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
    const { phase } = await desk.ask({ ask: 'tag-state', secret })
    if (phase !== 'enrolled' && phase !== 'refused') continue
    said.textContent = say(`tag-${phase}`)
    return
  }
  said.textContent = say('tag-none')
}
