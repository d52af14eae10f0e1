import type { Words } from '../languages/en.ts'

/** How a page is shown to one visitor. */
export interface View {
  readonly language: string
  readonly words: Words
  /** Two letters each, as links. */
  readonly offered: readonly string[]
  /** May anything but reading and refusing be done over this connection? */
  readonly maySend: boolean
  /** Did this browser say no? */
  readonly hasRefused: boolean
  /** Does somebody who said no want to see the choices after all? */
  readonly wantsChoices: boolean
}
