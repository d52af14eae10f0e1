const units: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', y: 'year' }

/** 15 minutes, 30 dagar, 1 Jahr: a length of time as people say it. */
export function spoken(amount: number, unit: string, language: string): string {
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(amount)
}

/** The same for a length as the configuration writes it, such as '90d'. */
export function spokenLength(length: string, language: string): string {
  const [, amount, unit] = /^(\d+)([smhdy])$/.exec(length) ?? []
  return amount && unit ? spoken(Number(amount), units[unit]!, language) : length
}
