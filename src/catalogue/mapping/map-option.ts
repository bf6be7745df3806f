/** Parses the option --map: fields and the columns that they are read from, `name="Indicator Name",description=Notes+Definition`. */
import { inputInvalid, showValue } from '../problem-report.ts'
import { fieldNamed } from './columns-named.ts'
import type { MappedField } from './synonyms.ts'

/** Fields by the user's word: the columns of each, as written in --map ("Notes+Definition"), or as a list of names; "" for none. */
export type GivenMapping = Readonly<Partial<Record<MappedField, string | readonly string[]>>>

const EXAMPLE = 'write FIELD=COLUMN, as in --map name="Indicator Name",units=Unit,description=Notes+Definition'

/** Throws `input-invalid` where the text is no list of fields and columns. */
export function parseMap(text: string): GivenMapping {
  const mapping: Partial<Record<MappedField, string | readonly string[]>> = {}
  for (const part of splitOutside(text, ',')) {
    const equals = part.indexOf('=')
    if (equals <= 0) throw inputInvalid(`--map: ${showValue(part)} names no field and column; ${EXAMPLE}`)
    const field = fieldNamed(part.slice(0, equals))
    if (mapping[field] !== undefined) throw inputInvalid(`--map: the field ${field} is given twice; ${EXAMPLE}`)
    mapping[field] = namesOf(part.slice(equals + 1).trim())
  }
  return mapping
}

/** Parses names of columns that are separated by commas, as --keep and --context take them. */
export function parseColumnList(text: string): string[] {
  return splitOutside(text, ',')
    .map((name) => unquoted(name))
    .filter((name) => name !== '')
}

/** Splits at a sign that does not stand between quotes. */
function splitOutside(text: string, sign: string): string[] {
  const parts: string[] = []
  let part = ''
  let quote: string | undefined
  for (const character of text) {
    if (quote === undefined && (character === '"' || character === "'") && /(?:^|[=+])\s*$/.test(part))
      quote = character
    else if (character === quote) quote = undefined
    if (character === sign && quote === undefined) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part].filter((one) => one.trim() !== '')
}

/** The names that a plus joins, where any of them is quoted; else the text, because a plus may belong to a name. */
function namesOf(text: string): string | string[] {
  return /["']/.test(text) ? splitOutside(text, '+').map(unquoted) : text
}

function unquoted(name: string): string {
  return /^\s*(["'])(.*)\1\s*$/s.exec(name)?.[2] ?? name.trim()
}
