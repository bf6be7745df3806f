/** Parsers for the values of command line options, which throw an InvalidArgumentError that commander turns into a message with the name of the option. */
import { InvalidArgumentError } from 'commander'
import { ServiceError } from '../../errors.ts'
import { hideCredentials, parseHttpUrls } from '../../lib/network/http-url.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { isStdout } from './output-target.ts'

/** Creates a parser for whole numbers from `min` to `max`, both included. */
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

/** Parses an amount of US dollars such as 0.05, from 0 to 1,000,000. */
export function dollars(text: string): number {
  const value = Number(text)
  if (!/^(?:\d{1,7}(?:\.\d{1,9})?|\.\d{1,9})$/.test(text) || value > 1_000_000) {
    throw new InvalidArgumentError('It must be an amount of US dollars such as 0.05, from 0 to 1000000.')
  }
  return value
}

/**
 * Parses the name of a file that a command writes; every name of standard output becomes "-". A name that begins with "-" is refused,
 * because it is most likely the next option.
 */
export function outputFile(name: string): string {
  if (name === '') throw new InvalidArgumentError('It must be the name of a file, or - for standard output.')
  if (isStdout(name)) return '-'
  if (!name.startsWith('-')) return name
  throw new InvalidArgumentError(likeAnOption(name))
}

function likeAnOption(name: string): string {
  return `A name that begins with "-" looks like an option: write ./${name} for such a file.`
}

/** The same for a file that is read again later, so that it cannot be standard output. */
export function keptFile(name: string): string {
  const file = outputFile(name)
  if (file !== '-') return file
  throw new InvalidArgumentError('It is read again later, so that it cannot be standard output: name a file.')
}

/** Parses the name of a file that a command reads; "-" is standard input. */
export function inputFile(name: string): string {
  if (name === '') throw new InvalidArgumentError('It must be the name of a file, or - for standard input.')
  if (name === '-' || !name.startsWith('-')) return name
  throw new InvalidArgumentError(likeAnOption(name))
}

/** The same for a file that is read by its name alone. */
export function namedFile(name: string): string {
  if (inputFile(name) !== '-') return name
  throw new InvalidArgumentError('Standard input is not read here: name a file.')
}

/** Writes an error of commander, which quotes what was typed, as one line, and behind it the line with commander's own suggestion. */
export function showUsageError(message: string): string {
  const text = message.trimEnd()
  const suggestion = /\n(\(Did you mean [^\n]*\))$/.exec(text)
  return `${joinLines(suggestion === null ? [text] : [text.slice(0, suggestion.index), suggestion[1] ?? ''])}\n`
}

/** Creates a parser that accepts only the given words and refuses every other text. */
export function oneOf<const T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new InvalidArgumentError(`It must be one of ${values.join(', ')}.`)
    return found
  }
}

/**
 * Parses the URLs of `--ingress` and `--admin` by the rule that RESTATE_INGRESS_URL follows too. A bad value with an @
 * throws ServiceError input-invalid, because commander's own message would print the whole value with its password.
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

/** The form of a duration: a whole number and a unit; a number without a unit means milliseconds. */
const DURATION = /^(\d{1,10})(ms|s|m|h)?$/
/** The number of milliseconds in each unit that a duration option accepts. */
const MS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
/** The longest duration that an option accepts, one week, in milliseconds. */
const MAX_DURATION_MS = 7 * 24 * MS_PER.h

/** Parses a duration such as "30s", "10m", "1h", "500ms" or a bare number of milliseconds, and returns milliseconds. */
export function duration(text: string): number {
  const [, digits, unit = 'ms'] = DURATION.exec(text) ?? []
  const value = Number(digits) * MS_PER[unit as keyof typeof MS_PER]
  if (!(value <= MAX_DURATION_MS)) {
    throw new InvalidArgumentError('It must be a duration such as 30s, 10m or 1h (or milliseconds), at most 168h.')
  }
  return value
}

/** Builds the parser of a share between two bounds, such as 0.97. */
export function share(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^0?\.\d{1,6}$|^[01](?:\.0+)?$/.test(text.trim()) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}, such as 0.97.`)
    }
    return value
  }
}
