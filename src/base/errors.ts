/**
 * Every failure that a person may read has a row here. The code is stable and never reused; the message says
 * what happened and to which part; the fix says what to do. No payload, address or raw bytes in any of them.
 */
export const errorTable = {
  BASE_DATABASE_BROKEN: 'The database could not be opened or is damaged.',
  BASE_DATABASE_NEWER: 'The database was written by a newer version of Drempel.',
  BASE_DATA_DAMAGED: 'What was stored was damaged by the disk; whatever can be proven whole is used on.',
  BASE_DATA_FOLDER_IN_USE: 'Another Drempel process is using this data folder.',
  BASE_DATA_FOLDER_OTHER_MODE: 'This data folder belongs to another mode: run and replay never share one.',
  BASE_DATA_FOLDER_UNUSABLE: 'The data folder cannot be used.',
  BASE_DURATION_INVALID: 'A duration is a number and a unit, such as 30s, 15m, 12h or 400d.',
  BASE_KEY_BROKEN: 'The key of this box cannot be read, so nothing that it stored can be trusted.',
  BASE_STORAGE_FULL: 'The disk is full.',
  CONFIG_ACCEPTED_BROKEN: 'What a person at this box accepted cannot be read, so nothing can be compared with it.',
  CONFIG_INVALID: 'The configuration has errors.',
  CONFIG_MISSING: 'No configuration file was found.',
  CONFIG_UNREADABLE: 'The configuration file could not be read.',
  COMMAND_SHADOW_ENDED: 'The shadow of this box ended before its day was over, so nothing is proven.',
  COMMAND_WRONG_USE: 'The command was called in a way it does not know.',
  CONSENT_IN_USE: 'The consent record can be changed by one process only, and the service is running.',
  CONSENT_RECEIPT_INVALID: 'This is not a receipt of this box.',
  CONSENT_RECEIPT_UNREADABLE: 'The receipt could not be read.',
  CONSENT_RECORD_BROKEN: 'The consent record is not whole, so nobody is recognised.',
  CONSENT_SLOTS_BROKEN: 'The file of identity keys cannot be used.',
  DRIVER_BLUETOOTH_BUS: 'The system bus, over which Bluetooth is heard, cannot be used.',
  DRIVER_GPIO_LINE_BUSY: 'A GPIO line is held by another program.',
  DRIVER_GPIO_LOST: 'A GPIO line stopped answering.',
  DRIVER_GPIO_NO_CHIP: 'The GPIO chip of the pin header was not found.',
  DRIVER_GPIO_UNAVAILABLE: 'GPIO lines cannot be watched on this machine.',
  HEADOFFICE_RELAY_ADDRESS: 'The relay cannot listen at its address.',
  HEADOFFICE_RELAY_FULL: 'Too many leaves wait for their boxes, so no more are kept: see which boxes are off.',
  PRIVACY_ABOVE_CEILING: 'What one visit would pay is above the ceiling.',
  PRIVACY_JOURNAL_BROKEN: 'The release journal is not consistent, so nothing is released.',
  PRIVACY_NOT_MINTED: 'Something that did not cross the wall was about to leave.',
  RECORDING_INVALID: 'The recording does not start with a header line.',
  RECORDING_UNREADABLE: 'The recording could not be read.',
  UPLINK_BROKER_REFUSED: 'The broker refused this box.',
  UPLINK_BROKER_UNREACHABLE: 'The broker cannot be reached.',
  UPLINK_CERTIFICATE: 'This box and the broker do not accept each other.',
  UPLINK_CONNECTION_LOST: 'The connection to the broker ended; nothing is lost, it is tried again.',
  UPLINK_MESSAGE_REFUSED: 'A message did not fit its closed schema and was not sent.',
  UPLINK_MESSAGE_TURNED_DOWN: 'The broker would not take a message; it is kept and tried again.',
  UPLINK_NOT_GRANTED: 'A signal was about to leave that nobody agreed to; it was not sent.',
  UPLINK_ROW_BROKEN: 'A stored message failed its check and was put aside.',
  UPLINK_STORED_IGNORED: 'What the consumer says that it stored cannot be true and was ignored.',
  UPLINK_STORED_UNREADABLE:
    'The broker does not let this box read `stored`, so it cannot know what arrived: allow it in the broker.',
  UPLINK_TLS_FILE: 'A certificate or key file for the broker could not be read.',
} as const

export type ErrorCode = keyof typeof errorTable

/** An error a person may read: a stable code, what happened, and what to do about it. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly fix: string | undefined

  constructor(code: ErrorCode, detail?: string, options: { fix?: string; cause?: unknown } = {}) {
    super(detail ? `${errorTable[code]} ${detail}` : errorTable[code], { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.fix = options.fix
  }
}

/** One sentence for a log or a terminal. Foreign errors give only their code or class: their text may quote data. */
export function describeError(error: unknown): string {
  if (error instanceof GatewayError) return error.fix ? `${error.message} ${error.fix}` : error.message
  if (error instanceof Error) return systemCode(error) ?? error.name
  return 'unknown error'
}

/** The errno-style code of a system or SQLite error, such as ENOENT or SQLITE_FULL. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** No room left: the caller may shed and go on. */
export function isStorageFull(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'BASE_STORAGE_FULL'
}
