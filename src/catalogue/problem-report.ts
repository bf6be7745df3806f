/** Words problems of an input file for the user: quotes values safely, counts things, and collects problems into one error. */
import { ServiceError } from '../errors.ts'
import { visibleText } from '../lib/visible-text.ts'
import { MAX_LISTED_PROBLEMS } from './limits.ts'

/** What is wrong with one record. */
export interface Problem {
  readonly line: number
  /** The name of the faulty field; "" where the whole record is at fault. */
  readonly field: string
  readonly message: string
}

/** The most characters of a value that a message shows. */
const MAX_SHOWN = 80
/** The most characters of a path that a message shows. */
export const MAX_PATH = 4_096

/** Cuts `text` to `max` characters and makes one line of it that a terminal shows safely. */
export function printable(text: string, max: number = MAX_SHOWN): string {
  if (text.length <= max) return visibleText(text)
  const cut = text.slice(0, max)
  // A pair of surrogates that the cut divides is left out whole.
  return `${visibleText(cut.isWellFormed() ? cut : cut.replace(/[\ud800-\udbff]$/, ''))}…`
}

/** Returns a value as a message quotes it. A list or object is not printed, because it may be nested too deeply to print. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return `"${printable(value)}"`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return printable(String(value))
}

export function inputInvalid(message: string | readonly string[], cause?: unknown): ServiceError {
  return new ServiceError('input-invalid', message, cause === undefined ? {} : { cause })
}

/** Returns a count with its noun, such as "1 record" or "2 records". */
export function pluralise(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`
}

/** Collects the problems of one file: the first MAX_LISTED_PROBLEMS as sentences, the rest as a number. */
export class ProblemList {
  readonly #label: string
  readonly #listed: Problem[] = []
  #count = 0
  readonly #hints = new Set<string>()

  constructor(label: string) {
    this.#label = label
  }

  get count(): number {
    return this.#count
  }

  add(problems: readonly Problem[]): void {
    this.#count += problems.length
    this.#listed.push(...problems.slice(0, MAX_LISTED_PROBLEMS - this.#listed.length))
  }

  /** Adds a sentence to the end of the message, such as how to convert the file. A sentence is never added twice. */
  hint(sentence: string): void {
    this.#hints.add(sentence)
  }

  toError(): ServiceError {
    const lines = this.#listed.map(({ line, field, message }) => {
      return `  line ${line}${field === '' ? '' : `, field ${printable(field)}`}: ${message}`
    })
    if (this.#count > this.#listed.length)
      lines.push(`  and ${(this.#count - this.#listed.length).toLocaleString('en-US')} more`)
    const head = `${this.#label}: ${pluralise(this.#count, 'problem')}; nothing was sent. Correct the file and run again.`
    return inputInvalid([head, ...lines, ...this.#hints])
  }
}
