/** Says in one sentence why a value cannot stand in a field, with what can stand there. */
import { type Field, type FieldKind, isValueOf } from './codebook.ts'
import { listed, nearOf } from './suggest.ts'

const MOST_SHOWN = 80

/** Why `value` is none that the field can have; undefined where it is one. */
export function valueFault(field: Field, value: unknown): string | undefined {
  if (isValueOf(field, value)) return undefined
  const { name, multi, type } = field
  if (value === null) return `${name} cannot be empty (null): it has neither nullable: true nor applies_when`
  if (multi === null) {
    return Array.isArray(value) ? `${name} takes one value, not a list` : wrongValue(name, type, value)
  }
  if (!Array.isArray(value)) return `${name} takes a list of values, not ${shown(value)} alone`
  const wrong = value.find((one) => !isValueOf({ ...field, multi: null, nullable: false }, one))
  if (wrong !== undefined) return wrongValue(name, type, wrong)
  if (value.length > multi) return `${name} takes at most ${multi} values, and ${value.length} are given`
  return `${shown(value.find((one, index) => value.indexOf(one) !== index))} is given twice for ${name}`
}

function wrongValue(name: string, type: FieldKind, value: unknown): string {
  const near = nearOf(String(value), knownOf(type).map(String))
  const way = near === undefined ? `it must be ${allowedOf(type, value)}` : `did you mean ${near}?`
  return `${shown(value)} is no value of ${name}; ${way}`
}

/** The values that a mistyped one can be compared with; codes differ by so little that a near one says nothing. */
function knownOf(type: FieldKind): readonly (string | number)[] {
  if (type.kind === 'values') return type.values.map(({ value }) => value)
  return type.kind === 'derived' ? [...new Set(type.valueOf.values())] : []
}

function allowedOf(type: FieldKind, value: unknown): string {
  switch (type.kind) {
    case 'values':
    case 'derived':
      return `one of ${listed(knownOf(type))}`
    case 'codes': {
      const below = type.list.codes.find(({ parent }) => parent === value)
      if (below === undefined) return `a code of the list, such as ${listed([...type.list.leaves].slice(0, 3))}`
      return `a code without further codes below it, such as ${below.code}`
    }
    case 'number':
      return `${type.whole ? 'a whole number' : 'a number'} from ${type.min} to ${type.max}`
    case 'pattern':
      return `a text of the form ${type.source}`
    case 'text':
      return `a text of 1 to ${type.maxLength} characters`
  }
}

/** Writes a value as a message quotes it: short, and without characters that disturb a terminal. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'a map of keys'
  if (typeof value !== 'string') return String(value)
  const cut = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN).toWellFormed()}…` : value.toWellFormed()
  return JSON.stringify(cut).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}
