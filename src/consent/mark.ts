import { writeDurably } from '../base/data-folder.ts'
import { holds, macOf } from '../base/mac.ts'
import { readText } from '../base/text-file.ts'
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
      const read = readText(file, 1000)
      const [, seq, hash = '', mac = ''] =
        ('text' in read && /^(\d+) ([0-9a-f]{64}) ([0-9a-f]{64})$/.exec(read.text)) || []
      const head = { seq: Number(seq), hash }
      return holds(Buffer.from(mac, 'hex'), markMac(key, head)) ? head : undefined
    },
    write: (head) => writeDurably(file, `${head.seq} ${head.hash} ${markMac(key, head).toString('hex')}`),
  }
}

function markMac(key: Buffer, { seq, hash }: Head): Buffer {
  return macOf(key, 'mark', seq, hash)
}
