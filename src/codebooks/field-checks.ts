/** Checks each field of a codebook by itself, and the size of all of them together. */
import type { FieldFile } from './format.ts'
import type { Fault } from './format-faults.ts'
import { ENVELOPE } from './record-texts.ts'

const KINDS = ['values', 'codes', 'number', 'pattern', 'text', 'derived'] as const
/** The most values that all fields of a codebook may show together: OpenAI's strict schemas take 1,000 and need some for field names. */
const MOST_ENUM_VALUES = 900

/** OpenAI's strict schemas bound the characters of a list of more than this many values. */
const LONG_ENUM_VALUES = 250
const MOST_LONG_ENUM_CHARACTERS = 15_000

/** The faults of the field at `index` that can be seen without the other fields. */
export function fieldFaults(field: FieldFile, index: number): Fault[] {
  const at = (...more: (string | number)[]) => ['fields', index, ...more]
  const faults: Fault[] = []
  if (ENVELOPE.some((name) => name === field.name)) {
    faults.push({
      path: at('name'),
      message: `${field.name} is a column of every result: give the field another name`,
    })
  }
  // Every object of JavaScript seems to hold a label of that name.
  if (field.name in Object.prototype) {
    faults.push({ path: at('name'), message: `${field.name} is a reserved word: give the field another name` })
  }
  const kinds = KINDS.filter((kind) => field[kind] !== undefined)
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? 'none is there' : `${kinds.join(' and ')} are there`
    faults.push({ path: at(), message: `the field ${field.name} needs exactly one of ${KINDS.join(', ')}; ${found}` })
  }
  return [...faults, ...valueFaults(field, at), ...multiFaults(field, at), ...patternFaults(field, at)]
}

type Place = (...more: (string | number)[]) => (string | number)[]

function valueFaults({ values = [] }: FieldFile, at: Place): Fault[] {
  const seen = new Set<string>()
  const kinds = new Set(values.map(({ value }) => typeof value))
  const mixed: Fault[] =
    kinds.size > 1 ? [{ path: at('values'), message: 'holds texts and numbers; use one of them' }] : []
  const doubled = values.flatMap(({ value }, index): Fault[] => {
    const key = String(value).toLowerCase()
    if (seen.has(key)) return [{ path: at('values', index, 'value'), message: `the value ${value} stands twice` }]
    seen.add(key)
    return []
  })
  return [...mixed, ...doubled]
}

function multiFaults({ multi, max, values, codes }: FieldFile, at: Place): Fault[] {
  if (!multi) return max === undefined ? [] : [{ path: at('max'), message: 'needs multi: true beside it' }]
  if (values === undefined && codes === undefined) {
    return [{ path: at('multi'), message: 'only a field with values or codes can have several labels' }]
  }
  if (values?.some(({ value }) => typeof value === 'number')) {
    return [{ path: at('multi'), message: 'several labels must be texts, and the values are numbers' }]
  }
  return max === undefined ? [{ path: at('multi'), message: 'needs a max: how many labels a record may have' }] : []
}

function patternFaults({ pattern }: FieldFile, at: Place): Fault[] {
  if (pattern === undefined) return []
  try {
    new RegExp(`^(?:${pattern.matches})$`, 'u')
    return []
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return [{ path: at('pattern', 'matches'), message: `is no regular expression: ${message}` }]
  }
}

/** The faults of all fields together: what they show must fit into one question. A field with a fault of the format is null. */
export function sizeFaults(all: readonly (FieldFile | null)[]): Fault[] {
  const fields = all.flatMap((field, index) => (field === null ? [] : [{ field, index }]))
  const count = fields.reduce(
    (sum, { field: { values, codes } }) => sum + (values?.length ?? 0) + (codes?.shortlist ?? 0),
    0,
  )
  const long = fields.flatMap(({ field: { name, values }, index }): Fault[] => {
    const characters = (values ?? []).reduce((sum, { value }) => sum + String(value).length, 0)
    if ((values?.length ?? 0) <= LONG_ENUM_VALUES || characters <= MOST_LONG_ENUM_CHARACTERS) return []
    const message = `the ${values?.length} values of ${name} have ${characters} characters, at most ${MOST_LONG_ENUM_CHARACTERS} fit into a question: shorten them, or put them into a file (codes)`
    return [{ path: ['fields', index, 'values'], message }]
  })
  if (count <= MOST_ENUM_VALUES) return long
  const message = `all fields together show ${count} values, at most ${MOST_ENUM_VALUES} fit into a question: put long lists into a file (codes)`
  return [...long, { path: ['fields'], message }]
}
