/** Reads observations as publishers write them: decimal commas, separated thousands, flags behind the number, marks for what is missing. */

/** The mark between whole number and fraction in a table. */
export type DecimalMark = '.' | ','

const MAX_LENGTH = 40
const MISSING =
  /^(?:|[:.…–—*xcmz]|-{1,3}|\.{2,3}|n\/?\.?a\.?|#n\/a|nan|null|none|nil|not available|not applicable|k\.\s?a\.|n[./]?\s?[de]\.?|s[./]?d\.?|n\.?v\.?|\(\.\.\)|confidential)$/i
/** Letters and signs behind a number or a mark, such as "b", "p", "(e)", "*" or "ep". */
const FLAGS = /^(.*?[\d:])\s*(?:\(?[a-z]{1,3}\)?|[*†‡^]+\d?|\[[^\]]{1,10}\]|\(\d\))$/i

/** Whether the text says that there is no observation, with or without a flag. */
export function isMissing(text: string): boolean {
  const plain = text.trim()
  return plain.length <= MAX_LENGTH && MISSING.test(FLAGS.exec(plain)?.[1]?.trim() ?? plain)
}

/** Reads the number of an observation; undefined where there is none. */
export function parseObservation(value: unknown, mark: DecimalMark): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined
  const plain = value.trim()
  const digits = (FLAGS.exec(plain)?.[1] ?? plain)
    .replace(/[\s\u00a0\u202f']/g, '')
    .replace(/^\u2212/, '-')
    .replace(/%$/, '')
  if (digits === '') return undefined
  const pointed = mark === ',' ? digits.replaceAll('.', '').replace(',', '.') : digits.replaceAll(',', '')
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i.test(pointed)) return undefined
  const number = Number(pointed)
  return Number.isFinite(number) ? number + 0 : undefined
}

/** Whether the text is a number in one of the two ways, or says that there is none. */
export function isObservation(text: string): boolean {
  return isMissing(text) || parseObservation(text, '.') !== undefined || parseObservation(text, ',') !== undefined
}

/** Tells by examples which mark a table uses: a comma where one stands as no separator of thousands can. */
export function decimalMarkOf(texts: Iterable<string>): DecimalMark {
  let commas = 0
  let points = 0
  for (const text of texts) {
    const given = text.trim().slice(0, MAX_LENGTH)
    const plain = (FLAGS.exec(given)?.[1] ?? given).trim()
    if (/^[+-]?\d+,(?:\d{1,2}|\d{4,})$|^[+-]?0,\d+$|^[+-]?\d{1,3}(?:[.\s]\d{3})+,\d+$/.test(plain)) commas += 1
    else if (/^[+-]?\d+\.(?:\d{1,2}|\d{4,})$|^[+-]?0\.\d+$|^[+-]?\d{1,3}(?:,\d{3})+\.\d+$/.test(plain)) points += 1
  }
  return commas > points ? ',' : '.'
}
