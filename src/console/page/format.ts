/** Numbers, times and shares as people read them. Pure: the reader's zone comes in as an argument. */

const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A whole number in groups of three digits. */
export function count(value: number): string {
  return GROUPED.format(value)
}

/** An amount of US dollars, with as many digits as say something. */
export function dollars(value: number): string {
  if (value === 0) return '$0'
  return `$${value >= 100 ? GROUPED.format(value) : value.toFixed(value >= 1 ? 2 : 4)}`
}

/** A share of 1 as a percentage that rounds neither to none nor to all. */
export function percent(share: number, digits = 0): string {
  const shown = (share * 100).toFixed(digits)
  if (share < 1 && Number(shown) === 100) return `>${(100 - 10 ** -digits).toFixed(digits)} %`
  if (share > 0 && Number(shown) === 0) return `<${(10 ** -digits).toFixed(digits)} %`
  return `${shown} %`
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A length of time in its two largest units, such as "1 h 20 min". */
export function duration(ms: number): string {
  const part = (value: number, unit: string) => (value === 0 ? '' : ` ${value} ${unit}`)
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / 1_000))} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min${part(Math.floor((ms % MINUTE) / 1_000), 's')}`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h${part(Math.floor((ms % HOUR) / MINUTE), 'min')}`
  return `${Math.floor(ms / DAY)} d${part(Math.floor((ms % DAY) / HOUR), 'h')}`
}

const MOMENT = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false } as const
const TIME_OF_DAY = { timeStyle: 'medium' } as const
/** Formats by zone: making one takes a browser as long as a hundred uses of it, and a live page shows many times each second. */
const MOMENTS = new Map<string, Intl.DateTimeFormat>()
const TIMES_OF_DAY = new Map<string, Intl.DateTimeFormat>()

function formatOf(known: Map<string, Intl.DateTimeFormat>, options: Intl.DateTimeFormatOptions, zone: string) {
  const found = known.get(zone) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })
  known.set(zone, found)
  return found
}

/** A moment in the reader's zone, such as "29 Nov, 14:05". */
export function moment(iso: string, zone: string): string {
  return formatOf(MOMENTS, MOMENT, zone).format(new Date(iso))
}

/** A time of day in the reader's zone, such as "14:05:30"; `seconds` since 1970. */
export function timeOfDay(seconds: number, zone: string): string {
  return formatOf(TIMES_OF_DAY, TIME_OF_DAY, zone).format(seconds * 1_000)
}

const FIGURE_SPACE = '\u2007'
const PUNCTUATION_SPACE = '\u2008'

/** `text` after spaces as wide as the digits and signs that `longest` has more, so that what follows it does not move as it grows. */
export function padded(text: string, longest: string): string {
  const missing = longest.slice(0, Math.max(0, longest.length - text.length))
  return missing.replace(/./gs, (sign) => (/\d/.test(sign) ? FIGURE_SPACE : PUNCTUATION_SPACE)) + text
}

/** The words of a name that machines write, such as "needs-review", as people do. */
export function words(name: string): string {
  return name.replace(/[-_]/g, ' ')
}

/** A text as one word of a command in a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+][\w./:@%+-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A label as one text; "–" for none. */
export function label(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–'
  return Array.isArray(value) ? value.join(', ') || '–' : String(value)
}

/**
 * A sentence of the service in which fields have the titles of the codebook. Names that are ordinary words, such as "type", stay
 * where they do not stand in a list of fields, because they may mean something else there.
 */
export function inTitles(
  sentence: string,
  fields: readonly { readonly name: string; readonly title: string }[],
): string {
  const titles = new Map(fields.map(({ name, title }) => [name, title]))
  return sentence.replace(
    /(?<=^|[:,] |reads )[a-z][a-z0-9]*(?=$|[:,]| has )|\b[a-z][a-z0-9]*_[a-z0-9_]+\b/g,
    (name) => titles.get(name) ?? name,
  )
}

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const

/** The size of a file. */
export function bytes(size: number): string {
  const power = Math.min(UNITS.length - 1, size === 0 ? 0 : Math.floor(Math.log10(size) / 3))
  const value = size / 1_000 ** power
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[power]}`
}

/** A text that is not longer than the page can bear. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text
}
