/** What can be chosen in a field, with the keys that choose it, and what is wrong with a label that was typed. Pure. */
import { words } from '../page/format.ts'
import { ranked } from '../page/ranking.ts'
import type { Candidate, ReviewField } from './review-types.ts'

/** A value that can be chosen in the field, with the key that chooses it. */
export interface Choice {
  readonly value: string | null
  readonly title: string
  readonly hint: string
  readonly key: string
}

export interface ChoiceSources {
  /** The likeliest codes of the card, and those that the search found. */
  readonly likeliest: readonly Candidate[]
  readonly found: readonly Candidate[]
  /** Labels that were given to other records on this page. */
  readonly given?: readonly string[]
}

const DIGITS = '123456789'
const MOST_CHOICES = 40
const MOST_KNOWN = 9
const PLAIN_NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i
const NO_LABEL = /^(?:none|null|-)$/i

/** The values that can be chosen, in the order of their keys: those of the codebook, the likeliest codes, or what was typed. */
export function choicesOf(
  field: ReviewField,
  search: string,
  { likeliest, found, given = [] }: ChoiceSources,
): Choice[] {
  const none = field.nullable ? [{ value: null, title: 'none', hint: 'no label', key: search === '' ? '0' : '' }] : []
  return [...withKeys(valuesOf(field, search.trim(), { likeliest, found, given })), ...none]
}

/** What Enter takes: the first of what was found. That a field has no label is only taken by who says so. */
export function firstOf(choices: readonly Choice[], search: string): Choice | undefined {
  if (search.trim() === '') return undefined
  const [first] = choices
  return first?.value === null && !NO_LABEL.test(search.trim()) ? undefined : first
}

function withKeys(values: readonly Omit<Choice, 'key'>[]): Choice[] {
  return values.map((one, index) => ({ ...one, key: DIGITS[index] ?? '' }))
}

function valuesOf(
  field: ReviewField,
  search: string,
  { likeliest, found, given }: Required<ChoiceSources>,
): Omit<Choice, 'key'>[] {
  if (field.kind === 'values') {
    return ranked(field.values, search, ({ value, definition }) => ({ names: [value], more: definition }))
      .slice(0, MOST_CHOICES)
      .map(({ value, definition }) => ({ value, title: words(value), hint: definition }))
  }
  if (field.kind === 'codes') {
    return (search === '' ? likeliest : found).map(({ code, title, parents }) => ({
      value: code,
      title: `${code} ${title}`,
      hint: parents.join(' › '),
    }))
  }
  const typed = typedLabel(field, search)
  const known = ranked(knownOf(field, given), search, (name) => ({ names: [name], more: '' })).slice(0, MOST_KNOWN)
  // Who types a known label in another case means the known one.
  const isSame = (name: string) =>
    name === typed || (field.form?.kind === 'text' && name.toLowerCase() === typed?.toLowerCase())
  const same = known.find(isSame)
  const own = typed === undefined || typed === same ? [] : [{ value: typed, title: typed, hint: 'what you typed' }]
  const others = known
    .filter((name) => name !== same && name !== typed)
    .map((name) => ({ value: name, title: name, hint: given.includes(name) ? 'given before' : 'of the examples' }))
  return [...(same === undefined ? [] : [{ value: same, title: same, hint: 'known' }]), ...own, ...others]
}

function knownOf({ known }: ReviewField, given: readonly string[]): readonly string[] {
  return [...new Set([...given, ...known])]
}

/** The label that a typed text is in a field without a list; undefined where it is none. */
function typedLabel({ form }: ReviewField, text: string): string | undefined {
  if (text === '' || form === null || NO_LABEL.test(text)) return undefined
  if (form.kind === 'number') {
    const value = PLAIN_NUMBER.test(text) ? Number(text) : Number.NaN
    return value >= form.min && value <= form.max && (!form.whole || Number.isInteger(value))
      ? String(value)
      : undefined
  }
  if (form.kind === 'text') return text.length <= form.max ? text : undefined
  const matches = new RegExp(`^(?:${form.source})$`, 'u')
  return [text, text.toUpperCase()].find((one) => one.length <= form.max && matches.test(one))
}

/** Why what was typed cannot be a label, in the words of the codebook; '' where it can, or where a list is searched. */
export function typedFault(field: ReviewField, search: string): string {
  const text = search.trim()
  const { form, title, nullable, known } = field
  if (text === '' || form === null || typedLabel(field, text) !== undefined) return ''
  if (NO_LABEL.test(text) && nullable) return ''
  const example = known[0] === undefined ? '' : `, such as ${known[0]}`
  const shown = text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text
  return `“${shown}” is no label of ${title}: it must be ${form.words}${example}${nullable ? ', or none' : ''}.`
}
