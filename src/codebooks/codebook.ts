/** A codebook as the engine uses it: every field with one kind, code lists in place, lookups made once. */
import type { CodeList } from './code-list.ts'
import type { CodebookFile, Conditions, ConstraintFile, FieldFile, LabelValue } from './format.ts'

export type { LabelValue } from './format.ts'

export interface ValueDefinition {
  readonly value: string | number
  readonly definition: string
  readonly not: string | null
}

/** The kind of a field, which says what labels the field can have. */
export type FieldKind =
  | { readonly kind: 'values'; readonly values: readonly ValueDefinition[] }
  | { readonly kind: 'codes'; readonly list: CodeList; readonly shortlist: number; readonly onlyLeaves: boolean }
  | {
      readonly kind: 'number'
      readonly min: number
      readonly max: number
      readonly whole: boolean
      readonly definition: string
    }
  | { readonly kind: 'pattern'; readonly matches: RegExp; readonly source: string; readonly definition: string }
  | { readonly kind: 'text'; readonly maxLength: number; readonly definition: string }
  | { readonly kind: 'derived'; readonly from: string; readonly valueOf: ReadonlyMap<string | number, string> }

export interface Field {
  readonly name: string
  readonly title: string
  readonly guidance: string | null
  readonly note: string | null
  readonly type: FieldKind
  /** The most labels that a record may have in this field; null where a record has exactly one. */
  readonly multi: number | null
  readonly nullable: boolean
  /** Whether a model may be asked for the field. It is false for derived fields and for fields that only rules read. */
  readonly asked: boolean
  readonly appliesWhen: Readonly<Conditions> | null
}

export interface Codebook {
  readonly name: string
  readonly version: string
  readonly title: string
  readonly source: string | null
  readonly instructions: string | null
  readonly record: CodebookFile['record']
  /** All fields in the order of the file, which prompts, columns and answers keep. */
  readonly fields: readonly Field[]
  readonly field: ReadonlyMap<string, Field>
  readonly constraints: readonly ConstraintFile[]
  readonly rulings: readonly string[]
  readonly examples: CodebookFile['examples']
}

/** Builds a codebook of a file that passed every check. */
export function compileCodebook(file: CodebookFile, lists: ReadonlyMap<string, CodeList>): Codebook {
  const fields = file.fields.map((field) => compileField(field, lists))
  return {
    name: file.name,
    version: file.version,
    title: file.title,
    source: file.source ?? null,
    instructions: file.instructions ?? null,
    record: file.record,
    fields,
    field: new Map(fields.map((field) => [field.name, field])),
    constraints: file.constraints,
    rulings: file.rulings,
    examples: file.examples,
  }
}

/** Builds one field of a file that passed every check of the field itself. */
export function compileField(field: FieldFile, lists: ReadonlyMap<string, CodeList>): Field {
  const type = kindOf(field, lists)
  return {
    name: field.name,
    title: field.title,
    guidance: field.guidance ?? null,
    note: field.note ?? null,
    type,
    multi: field.multi ? (field.max ?? 1) : null,
    nullable: field.nullable || field.applies_when !== undefined,
    asked: field.asked && type.kind !== 'derived',
    appliesWhen: field.applies_when ?? null,
  }
}

function kindOf(field: FieldFile, lists: ReadonlyMap<string, CodeList>): FieldKind {
  if (field.values !== undefined) {
    const values = field.values.map(({ value, definition, not }) => ({ value, definition, not: not ?? null }))
    return { kind: 'values', values }
  }
  if (field.codes !== undefined) {
    const { file, shortlist, only_leaves: onlyLeaves } = field.codes
    const list = lists.get(file)
    if (list === undefined) throw new Error(`the code list ${file} was not read`)
    return { kind: 'codes', list, shortlist, onlyLeaves }
  }
  if (field.number !== undefined) return { kind: 'number', ...field.number }
  if (field.pattern !== undefined) {
    const { matches, definition } = field.pattern
    return { kind: 'pattern', matches: new RegExp(`^(?:${matches})$`, 'u'), source: matches, definition }
  }
  if (field.text !== undefined) {
    return { kind: 'text', maxLength: field.text.max_length, definition: field.text.definition }
  }
  if (field.derived !== undefined) {
    const pairs = Object.entries(field.derived.values).flatMap(([value, from]) =>
      from.map((one) => [one, value] as const),
    )
    return { kind: 'derived', from: field.derived.from, valueOf: new Map(pairs) }
  }
  throw new Error(`the field ${field.name} has no kind`)
}

/** Whether the labels meet every condition. A multi-label field meets a condition where one of its labels does. */
export function meets(
  labels: Readonly<Record<string, LabelValue | undefined>>,
  conditions: Readonly<Conditions>,
): boolean {
  return Object.entries(conditions).every(([name, wanted]) => {
    const found = labels[name]
    const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
    return Array.isArray(found) ? found.some((one) => values.includes(one)) : values.includes(found)
  })
}

/** Whether `value` is one that the field can have. A derived field can have each value that its source may lead to. */
export function isValueOf(field: Field, value: unknown): value is LabelValue {
  if (value === null) return field.nullable
  if (field.multi === null) return isSingleValue(field.type, value)
  if (!Array.isArray(value) || value.length > field.multi) return false
  return new Set(value).size === value.length && value.every((one) => isSingleValue(field.type, one))
}

function isSingleValue(type: FieldKind, value: unknown): boolean {
  switch (type.kind) {
    case 'values':
      return type.values.some((known) => known.value === value)
    case 'codes':
      return typeof value === 'string' && (type.onlyLeaves ? type.list.leaves.has(value) : type.list.byCode.has(value))
    case 'number':
      return (
        typeof value === 'number' && value >= type.min && value <= type.max && (!type.whole || Number.isInteger(value))
      )
    case 'pattern':
      return typeof value === 'string' && value.length <= 200 && type.matches.test(value)
    case 'text':
      return typeof value === 'string' && value !== '' && value.length <= type.maxLength
    case 'derived':
      return typeof value === 'string' && [...type.valueOf.values()].includes(value)
  }
}
