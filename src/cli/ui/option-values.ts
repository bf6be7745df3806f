/** Parsers for the values of command line options. commander turns an InvalidArgumentError into a message that names the option. */
import { InvalidArgumentError } from 'commander'
import { ServiceError } from '../../errors.ts'
import { hideCredentials, parseHttpUrls } from '../../lib/http-url.ts'

/** A parser for whole numbers from `min` to `max`, both included. */
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

/** An amount of US dollars such as 0.05, from 0 to 1,000,000. */
export function dollars(text: string): number {
  const value = Number(text)
  if (!/^(?:\d{1,7}(?:\.\d{1,9})?|\.\d{1,9})$/.test(text) || value > 1_000_000) {
    throw new InvalidArgumentError('It must be an amount of US dollars such as 0.05, from 0 to 1000000.')
  }
  return value
}

/** A parser that accepts the given words alone. */
export function oneOf<const T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new InvalidArgumentError(`It must be one of ${values.join(', ')}.`)
    return found
  }
}

/**
 * The addresses of `--ingress` and `--admin`, held to the rule of RESTATE_INGRESS_URL. A value with an @ is refused with
 * input-invalid, because commander would print the whole value, and a password with it.
 */
export function httpUrls(text: string): string[] {
  const urls = parseHttpUrls(text)
  if (urls !== undefined) return urls
  if (text.includes('@')) {
    const form = 'URLs of Restate begin with http:// or https:// and hold no user name or password'
    throw new ServiceError('input-invalid', `"${hideCredentials(text)}" is no value for --ingress or --admin: ${form}`)
  }
  throw new InvalidArgumentError('It must be URLs that begin with http:// or https://, separated by commas.')
}

/** A whole number and a unit; without a unit the number means milliseconds. */
const DURATION = /^(\d{1,10})(ms|s|m|h)?$/
/** Milliseconds of each unit that `duration` knows. */
const MS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
/** A week, in milliseconds: commands wait no longer. */
const MAX_DURATION_MS = 7 * 24 * MS_PER.h

/** Reads "30s", "10m", "1h", "500ms" or a bare number of milliseconds, and gives milliseconds. */
export function duration(text: string): number {
  const [, digits, unit = 'ms'] = DURATION.exec(text) ?? []
  const value = Number(digits) * MS_PER[unit as keyof typeof MS_PER]
  if (!(value <= MAX_DURATION_MS)) {
    throw new InvalidArgumentError('It must be a duration such as 30s, 10m or 1h (or milliseconds), at most 168h.')
  }
  return value
}
