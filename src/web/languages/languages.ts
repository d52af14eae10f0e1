import { german } from './de.ts'
import { english, type Words } from './en.ts'
import { dutch } from './nl.ts'
import { swedish } from './sv.ts'

/** The languages that the pages speak, by their two letters. One file a language. */
export const languages: Readonly<Record<string, Words>> = { nl: dutch, sv: swedish, de: german, en: english }

/** The first wish that is offered, else the first that is. @param offered two letters each */
export function chooseLanguage(wishes: readonly string[], offered: readonly string[]): string {
  return wishes.find((wish) => offered.includes(wish)) ?? offered[0]!
}

/** What a browser wishes (RFC 9110 §12.5.4), best first, two letters each; [] for what cannot be read. */
export function wishesOf(header: string): string[] {
  const wishes = header
    .slice(0, 200)
    .split(',')
    .map((one) => /^\s*([a-z]{2})\b[^;]*(?:;\s*q=(\d(?:\.\d{1,3})?))?\s*$/i.exec(one))
    .filter((found) => found !== null)
    .map(([, code = '', quality = '1']) => ({ code: code.toLowerCase(), quality: Number(quality) }))
  const wanted = wishes.filter(({ quality }) => quality > 0)
  return wanted.toSorted((one, other) => other.quality - one.quality).map(({ code }) => code)
}

/** A sentence with its {values} filled in. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all))
}
