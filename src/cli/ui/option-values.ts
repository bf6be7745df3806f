/** Parsers for option values. commander turns what they throw into a message that names the option. */
import { InvalidArgumentError } from 'commander'

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      const bound = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`
      throw new InvalidArgumentError(`It must be a whole number ${bound}.`)
    }
    return value
  }
}

/** An amount of money such as 0.05, up to a million. */
export function dollars(text: string): number {
  const value = Number(text)
  if (!/^(?:\d{1,7}(?:\.\d{1,9})?|\.\d{1,9})$/.test(text) || value > 1_000_000) {
    throw new InvalidArgumentError('It must be an amount of US dollars such as 0.05, from 0 to 1000000.')
  }
  return value
}

export function oneOf<const T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new InvalidArgumentError(`It must be one of ${values.join(', ')}.`)
    return found
  }
}

export function httpUrls(text: string): string[] {
  const urls = text.split(',').map((url) => url.trim().replace(/\/+$/, ''))
  if (!urls.every((url) => /^https?:\/\//.test(url) && URL.canParse(url))) {
    throw new InvalidArgumentError('It must be URLs that begin with http:// or https://, separated by commas.')
  }
  return urls
}

const DURATION = /^(\d{1,10})(ms|s|m|h)?$/
const MS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const MAX_DURATION_MS = 7 * 24 * MS_PER.h

/** "30s", "10m", "1h", "500ms", or a number of milliseconds, as milliseconds. */
export function duration(text: string): number {
  const [, digits, unit = 'ms'] = DURATION.exec(text) ?? []
  const value = Number(digits) * MS_PER[unit as keyof typeof MS_PER]
  if (!(value <= MAX_DURATION_MS)) {
    throw new InvalidArgumentError('It must be a duration such as 30s, 10m or 1h (or milliseconds), at most 168h.')
  }
  return value
}
