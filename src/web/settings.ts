import { type Static, Type } from 'typebox'
import { type Finding, problem } from '../base/problem.ts'

/** An address to listen at, `host:port`. */
export function addressOf(standard: string, description: string) {
  return Type.String({
    pattern: '^(\\[[0-9A-Fa-f:.]{2,45}\\]|[A-Za-z0-9.-]{1,253}):[0-9]{1,5}$',
    default: standard,
    description: `${description}: host:port, such as "${standard}"; port 0 is any free one.`,
  })
}

/** The box's two windows: one for everybody in the shop, one for staff. */
export const webSchema = Type.Object(
  {
    public: addressOf('0.0.0.0:8080', 'Pages for everybody in the shop'),
    staff: addressOf('0.0.0.0:8443', 'Pages for staff'),
    certificate: Type.Optional(
      Type.Object(
        {
          cert: Type.String({ minLength: 1, description: 'Certificate (PEM) of the pages.' }),
          key: Type.String({ minLength: 1, description: 'Private key (PEM) of that certificate.' }),
        },
        { additionalProperties: false, description: 'A certificate of your own; without one the box makes its own.' },
      ),
    ),
    page: Type.Optional(
      Type.String({
        pattern: '^https://[^\\s#?]{1,180}/$',
        description:
          "The shopper's page as phones reach it, where the code on the screen leads: head office's relay or this box, such as https://in.acme.example/s/nl-0042/gw-1/.",
      }),
    ),
  },
  { additionalProperties: false, default: {}, description: 'Where the pages are served.' },
)

export type WebSettings = Static<typeof webSchema>

/** Takes 'host:port' apart; brackets of an IPv6 host are removed. */
export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

/** What a schema cannot say of the addresses. */
export function* webFindings(web: WebSettings): Generator<Finding> {
  for (const name of ['public', 'staff'] as const) {
    if (parseAddress(web[name]).port > 65_535) {
      yield problem(['web', name], 'A port is at most 65535.', 'Use a port from 1 to 65535, or 0 for any free one.')
    }
  }
  const [shoppers, staff] = [parseAddress(web.public), parseAddress(web.staff)]
  if (shoppers.port === staff.port && staff.port !== 0) {
    yield problem(
      ['web', 'staff'],
      'It is the port of web.public.',
      'Use another port: shoppers and staff are kept apart.',
    )
  }
}
