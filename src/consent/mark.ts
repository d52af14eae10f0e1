import { readQuietly, writeDurably } from '../base/data-folder.ts'
import { holds, macOf } from '../base/mac.ts'
import { mendText } from '../base/mend.ts'
import type { Head } from './chain.ts'

/**
 * How far the consent record had come, kept beside the database: a database that was put back from a copy is behind it, and
 * then nothing that was agreed before counts, since it may have been withdrawn meanwhile. A data folder that was put back
 * whole looks sound from here; only head office can notice that.
 */
export interface Mark {
  read(): Head | undefined
  write(head: Head): void
}

/** A file in the data folder. One that somebody else wrote counts as none. */
export function openMark(file: string, key: Buffer): Mark {
  return {
    read() {
      const text = readQuietly(file) ?? ''
      const head = headIn(text, key)
      if (head || text.length > 200) return head
      // Without it everything would be void: one changed bit is not worth that.
      const mended = mendText(text, (one) => headIn(one, key) !== undefined)
      return mended === undefined ? undefined : headIn(mended, key)
    },
    write: (head) => writeDurably(file, `${head.seq} ${head.hash} ${markMac(key, head).toString('hex')}`),
  }
}

function headIn(text: string, key: Buffer): Head | undefined {
  const [, seq, hash = '', mac = ''] = /^(\d+) ([0-9a-f]{64}) ([0-9a-f]{64})$/.exec(text) ?? []
  const head = { seq: Number(seq), hash }
  return holds(Buffer.from(mac, 'hex'), markMac(key, head)) ? head : undefined
}

function markMac(key: Buffer, { seq, hash }: Head): Buffer {
  return macOf(key, 'mark', seq, hash)
}
