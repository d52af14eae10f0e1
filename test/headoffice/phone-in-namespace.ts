import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { sealQuestion } from '../../src/base/ask-seal.ts'
import { systemCode } from '../../src/base/errors.ts'
import { openDoor } from '../support/door.ts'
import { send } from '../support/relay.ts'

/**
 * A phone in a network namespace of its own: its only way out is a door to the relay. It asks through it, tries to reach
 * box and broker, and prints what came of it.
 */
const [door = '', port = '', ca = '', ...others] = process.argv.slice(2)

const relay = await openDoor(Number(port), door)

const shop = `https://localhost:${port}/s/nl-0042/gw-1`
const offer = JSON.parse((await send(`${shop}/offer?language=nl`, { ca: readFileSync(ca) })).text)
const asked = sealQuestion(Buffer.from(offer.askKey, 'base64url'), { ask: 'see', secret: 's'.repeat(22) })
const body = JSON.stringify({ sealed: asked.bytes.toString('base64url') })
const { text } = await send(`${shop}/ask`, { method: 'POST', body, ca: readFileSync(ca) })
const answer = asked.open(Buffer.from(JSON.parse(text).sealed, 'base64url'))
relay.close()
process.stdout.write(JSON.stringify({ shop: offer.shop.id, answer, others: await Promise.all(others.map(reach)) }))

async function reach(other: string): Promise<string> {
  const socket = connect(Number(other), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return 'reached'
  } catch (error) {
    return systemCode(error) ?? 'failed'
  } finally {
    socket.destroy()
  }
}
