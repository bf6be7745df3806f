/** Says in words what a label must be that a person writes, such as "three capital letters or INTL". */
import type { FieldKind } from '../codebooks/codebook.ts'

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
/** Sets of characters that have a word, by how an expression writes them. */
const SETS: Readonly<Record<string, string>> = {
  '[A-Z]': 'capital letter',
  '[a-z]': 'small letter',
  '[A-Za-z]': 'letter',
  '[a-zA-Z]': 'letter',
  '[0-9]': 'digit',
  '\\d': 'digit',
  '[A-Z0-9]': 'capital letter or digit',
  '[0-9A-Z]': 'capital letter or digit',
}
const PART = /(\[[^\]\\]*\]|\\d)(?:\{(\d+)(?:,(\d*))?\}|(\+))?|([A-Za-z0-9]+)|(\\[-./_ ]|[-/_ ])/y

/** What a label of the kind must be, after "it must be". */
export function formOf(type: Exclude<FieldKind, { kind: 'values' | 'codes' | 'derived' }>): string {
  if (type.kind === 'number') return `${type.whole ? 'a whole number' : 'a number'} from ${type.min} to ${type.max}`
  if (type.kind === 'text') return `a text of 1 to ${type.maxLength} characters`
  return patternInWords(type.source) ?? `a text of the form ${type.source}`
}

/** A regular expression in words; undefined for one that words would not make clearer. */
export function patternInWords(source: string): string | undefined {
  if (/[()^$*?\\](?!d)/.test(source.replace(/\\[-./_ ]/g, ''))) return undefined
  const ways = source.split('|').map(wayInWords)
  return ways.every((way) => way !== undefined) ? ways.join(' or ') : undefined
}

function wayInWords(way: string): string | undefined {
  const parts: string[] = []
  let at = 0
  while (at < way.length) {
    PART.lastIndex = at
    const found = PART.exec(way)
    const part = found === null ? undefined : partInWords(found)
    if (found === null || part === undefined) return undefined
    parts.push(part)
    at = PART.lastIndex
  }
  return parts.length === 0 ? undefined : parts.join(', then ')
}

function partInWords([, set, least, most, plus, word, sign]: RegExpExecArray): string | undefined {
  if (set === undefined) return word ?? (sign === undefined ? undefined : JSON.stringify(sign.replace('\\', '')))
  const name = SETS[set]
  if (name === undefined) return undefined
  const plural = name.replace(/letter|digit/g, '$&s')
  if (plus !== undefined) return `one or more ${plural}`
  if (least === undefined) return `one ${name}`
  const counted = (text: string) => NUMBERS[Number(text)] ?? text
  if (most === undefined) return `${counted(least)} ${least === '1' ? name : plural}`
  return most === '' ? `${counted(least)} or more ${plural}` : `${counted(least)} to ${counted(most)} ${plural}`
}
