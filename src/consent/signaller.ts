import type { Clock } from '../base/clock.ts'
import type { Caps, LocalMoment } from './caps.ts'
import { noticeFor } from './choice.ts'
import type { Consents } from './consents.ts'
import { type Grant, isGranted } from './grant.ts'
import type { Notice } from './notice.ts'
import type { PurposeSettings } from './settings.ts'
import type { Happening } from './sightings.ts'
import type { OpenVisits } from './visits.ts'

/** A signal that may leave: its grant holds, and its recipient was not told too much yet. */
export interface Allowed {
  readonly happening: Happening
  readonly grant: Grant
  /** Hash of the notice in force. */
  readonly notice: string
  readonly moment: LocalMoment
  /** Agreed for longer than one visit: then it may be written. */
  readonly isLasting: boolean
}

export interface SignallerParts {
  readonly consents: Consents
  readonly visits: OpenVisits
  readonly caps: Caps
  readonly purposes: readonly PurposeSettings[]
  readonly notices: readonly Notice[]
  readonly clock: Clock
  readonly local: (now: number) => LocalMoment
}

/** What recipients may be told of what happened: judged anew each time, by every purpose for itself. */
export function createSignaller(parts: SignallerParts): (happening: Happening) => Allowed[] {
  const { consents, visits, caps, purposes, notices, clock, local } = parts

  /** The grant in force and its notice; undefined where nothing is agreed at this moment. */
  function granted(who: string, purpose: string): { grant: Grant; notice: string; isLasting: boolean } | undefined {
    const visit = visits.visit(who)
    const grant = visit ? visit.grants.find((one) => one.purpose === purpose) : consents.grant(who, purpose)
    const isAgreed = visit ? visits.isGranted(who, purpose) : consents.isGranted(who, purpose)
    const language = visit?.language ?? consents.record(who)?.purposes.get(purpose)?.agreed?.language ?? ''
    const notice = noticeFor(notices, purpose, language)?.hash
    if (!isAgreed || !grant || !notice || !isGranted(grant, purpose, notice, clock.now())) return undefined
    return { grant, notice, isLasting: visit === undefined }
  }

  return (happening) => {
    const moment = local(clock.now())
    return purposes.flatMap(({ id, caps: { perDay, perVisit }, quiet }) => {
      const found = granted(happening.who, id)
      if (!found || !caps.allows(found.grant.handle, happening, { perDay, perVisit, quiet }, moment)) return []
      return [{ happening, moment, ...found }]
    })
  }
}
