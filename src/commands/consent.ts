import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { boxKey } from '../base/data-folder.ts'
import { type Connection, openDatabase, readDatabase } from '../base/database.ts'
import { GatewayError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { readText } from '../base/text-file.ts'
import { findConfig, readConfigText } from '../config.ts'
import { boxKeysOf, secretHash } from '../consent/box-keys.ts'
import { brokenRecord, type Verdict, verifyChain } from '../consent/chain.ts'
import { exportOf } from '../consent/export.ts'
import { openConsentFolder } from '../consent/folder.ts'
import { type Receipt, verifyReceipt } from '../consent/receipt.ts'
import { recordsOf } from '../consent/record.ts'
import { overwritesInPlace } from '../consent/slot-file.ts'
import { migrations } from '../storage.ts'
import { dataFolderOf } from './accepted.ts'
import { receiptLines, statusLines, statusOf, verdictLine } from './consent-words.ts'
import { type Arguments, parseCommand } from './help.ts'
import { openWorkingFolder } from './working-folder.ts'

type Action = (given: Arguments, receipt: string) => number

const actions: Record<string, { readonly run: Action; readonly takesReceipt: boolean }> = {
  status: { run: status, takesReceipt: false },
  verify: { run: verify, takesReceipt: false },
  'verify-receipt': { run: verifyReceiptFile, takesReceipt: true },
  withdraw: { run: withdraw, takesReceipt: true },
  export: { run: exportRecord, takesReceipt: true },
}

/** `drempel consent ACTION [FILE]`: looks at the consent record beside the service, or ends a consent while it is stopped. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseCommand('consent', args)
  const [name = '', receipt = ''] = given.positionals
  const action = actions[name]
  if (!action) throw unknownAction(name)
  if (action.takesReceipt !== (receipt !== '')) throw wrongReceipt(name, action.takesReceipt)
  return action.run(given, receipt)
}

function unknownAction(name: string): GatewayError {
  const near = nearest(name, Object.keys(actions))
  const fix = near ? `Did you mean ${near}?` : `ACTION is one of ${Object.keys(actions).join(', ')}.`
  return new GatewayError('COMMAND_WRONG_USE', 'There is no such ACTION.', { fix })
}

function wrongReceipt(name: string, takesReceipt: boolean): GatewayError {
  const detail = takesReceipt ? `${name} needs a receipt.` : `${name} takes no receipt.`
  const fix = takesReceipt ? 'Name its file, or - to hand it over on the standard input.' : 'Leave it out.'
  return new GatewayError('COMMAND_WRONG_USE', detail, { fix })
}

function print(given: Arguments, json: object, lines: readonly string[]): void {
  process.stdout.write(given.has('json') ? `${JSON.stringify(json, null, 2)}\n` : `${lines.join('\n')}\n`)
}

function status(given: Arguments): number {
  const folder = folderOf(given)
  const verdict = verdictOf(folder)
  const found = { ...statusOf(verdict), erasesInPlace: existsSync(folder) && overwritesInPlace(folder) }
  print(given, found, statusLines(found))
  return verdict.state === 'sound' ? 0 : 1
}

function verify(given: Arguments): number {
  const verdict = verdictOf(folderOf(given))
  const { entries: _, ...told } = { entries: undefined, ...verdict }
  print(given, told, [verdictLine(verdict)])
  return verdict.state === 'sound' ? 0 : 1
}

function verifyReceiptFile(given: Arguments, file: string): number {
  const check = verifyReceipt(textOf(file), given.text('key'))
  // A secret that is printed stays in the scrollback of a terminal.
  const told = check.state === 'valid' ? { ...check, receipt: { ...check.receipt, secret: '(hidden)' } } : check
  print(given, told, receiptLines(check))
  return check.state === 'valid' ? 0 : 1
}

function exportRecord(given: Arguments, file: string): number {
  const folder = folderOf(given)
  const verdict = verdictOf(folder)
  if (verdict.state === 'broken') throw brokenRecord(verdict)
  const hash = secretHash(boxKeysOf(boxKey(folder)), secretOf(receiptOf(folder, file)))
  const record = [...recordsOf(verdict.entries).values()].find(({ opened }) => opened.secret === hash)
  if (!record) return nothingKept(given)
  process.stdout.write(`${JSON.stringify(exportOf(record, verdict.entries), null, 2)}\n`)
  return 0
}

function withdraw(given: Arguments, file: string): number {
  const path = folderOf(given)
  if (!existsSync(databaseOf(path))) throw nothingHere(path)
  const secret = secretOf(receiptOf(path, file))
  const folder = openStopped(path)
  try {
    const database = openDatabase(databaseOf(path), migrations)
    // No clock is believed here: this ends what it is asked to end and nothing else.
    const clock = systemClock(() => false)
    const consents = openConsentFolder({ database, file: databaseOf(path), key: folder.key, clock })
    const record = consents.recordOf(secret)
    const isEnded = record !== undefined && consents.withdraw(record, 'all', 'receipt')
    consents.close()
    database.close()
    if (record === undefined) return nothingKept(given)
    print(given, { state: isEnded ? 'withdrawn' : 'ended-before' }, [isEnded ? withdrawnText : endedText])
    return 0
  } finally {
    folder.close()
  }
}

const withdrawnText =
  'Withdrawn: nothing is recognised any more and the key is gone from the disk. Head office is told at the next start.'
const endedText = 'It had ended before; nothing is recognised and no key is left.'

function nothingKept(given: Arguments): number {
  const text = 'Nothing is kept for this receipt: it was for one visit, or is past the time that records are kept.'
  print(given, { state: 'nothing-kept' }, [text])
  return 1
}

/** The folder that the service has stopped using. @throws CONSENT_IN_USE while it has not */
function openStopped(path: string) {
  try {
    return openWorkingFolder(path, 'run')
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === 'BASE_DATA_FOLDER_IN_USE')) throw error
    const fix = 'Stop the service, withdraw, and start it again.'
    throw new GatewayError('CONSENT_IN_USE', undefined, { fix, cause: error })
  }
}

function folderOf(given: Arguments): string {
  const file = findConfig(given.text('config'))
  return dataFolderOf(readConfigText(file), file)
}

function databaseOf(folder: string): string {
  return join(folder, 'drempel.db')
}

function nothingHere(folder: string): GatewayError {
  return new GatewayError('BASE_DATA_FOLDER_UNUSABLE', `${folder} holds no database.`, {
    fix: 'Name the configuration that the service runs with, with --config.',
  })
}

/** The record as it is on the disk, also beside the running service. */
function verdictOf(folder: string): Verdict {
  const sql = readDatabase(databaseOf(folder))
  if (!sql) throw nothingHere(folder)
  try {
    return hasRecord(sql)
      ? verifyChain(sql, boxKeysOf(boxKey(folder)).record)
      : { state: 'sound', entries: [], forgotten: 0, head: { seq: 0, hash: '' } }
  } finally {
    sql.close()
  }
}

function hasRecord(sql: Connection): boolean {
  return sql.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'consent_event'").get() !== undefined
}

/** @throws CONSENT_RECEIPT_INVALID when this box did not sign it as it is */
function receiptOf(folder: string, file: string): Receipt {
  const check = verifyReceipt(textOf(file), boxKeysOf(boxKey(folder)).signer.keyId)
  if (check.state === 'valid') return check.receipt
  throw new GatewayError('CONSENT_RECEIPT_INVALID', check.why, { fix: 'Use the receipt as it was saved, all of it.' })
}

function secretOf({ secret }: Receipt): Buffer {
  return Buffer.from(secret, 'base64url')
}

/** @throws CONSENT_RECEIPT_UNREADABLE */
function textOf(file: string): string {
  if (file === '-') return readFileSync(0, 'utf8')
  const read = readText(file, 64 * 1024)
  if ('text' in read) return read.text
  throw new GatewayError('CONSENT_RECEIPT_UNREADABLE', `${read.reason}.`, {
    fix: 'Name its file, or - to hand it over on the standard input.',
  })
}
