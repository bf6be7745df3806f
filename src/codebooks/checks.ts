/** What the format alone cannot say of a codebook: its parts must fit together. Faults are data with their place. */
import type { CodeList } from './code-list.ts'
import { compileCodebook, isValueOf } from './codebook.ts'
import type { CodebookFile, Conditions, FieldFile } from './format.ts'
import { ENVELOPE } from './record-texts.ts'

export interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const KINDS = ['values', 'codes', 'number', 'pattern', 'text', 'derived'] as const
/** The most values that all fields of a codebook may show together: OpenAI's strict schemas take 1,000 and need some for field names. */
const MOST_ENUM_VALUES = 900

/** OpenAI's strict schemas bound the characters of a list of more than this many values. */
const LONG_ENUM_VALUES = 250
const MOST_LONG_ENUM_CHARACTERS = 15_000

/** Every fault of a codebook in the order of its file. With none, `compileCodebook` can build the codebook. */
export function checkCodebook(file: CodebookFile, lists: ReadonlyMap<string, CodeList>): Fault[] {
  const faults = [...fieldFaults(file), ...sizeFaults(file)]
  // Conditions and examples can be judged only by fields that are sound, and lists that were read.
  const isWhole = file.fields.every(
    ({ codes }) => codes === undefined || (lists.get(codes.file)?.codes.length ?? 0) > 0,
  )
  return faults.length > 0 || !isWhole ? faults : referenceFaults(file, lists)
}

function fieldFaults({ fields }: CodebookFile): Fault[] {
  const firstIndex = new Map<string, number>()
  return fields.flatMap((field, index): Fault[] => {
    const at = (...more: (string | number)[]) => ['fields', index, ...more]
    const faults: Fault[] = []
    const first = firstIndex.get(field.name)
    if (first !== undefined) faults.push({ path: at('name'), message: `the field ${field.name} stands twice` })
    firstIndex.set(field.name, first ?? index)
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
  })
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

function sizeFaults({ fields }: CodebookFile): Fault[] {
  const count = fields.reduce((sum, { values, codes }) => sum + (values?.length ?? 0) + (codes?.shortlist ?? 0), 0)
  const long = fields.flatMap(({ name, values }, index): Fault[] => {
    const characters = (values ?? []).reduce((sum, { value }) => sum + String(value).length, 0)
    if ((values?.length ?? 0) <= LONG_ENUM_VALUES || characters <= MOST_LONG_ENUM_CHARACTERS) return []
    const message = `the ${values?.length} values of ${name} have ${characters} characters, at most ${MOST_LONG_ENUM_CHARACTERS} fit into a question: shorten them, or put them into a file (codes)`
    return [{ path: ['fields', index, 'values'], message }]
  })
  if (count <= MOST_ENUM_VALUES) return long
  const message = `all fields together show ${count} values, at most ${MOST_ENUM_VALUES} fit into a question: put long lists into a file (codes)`
  return [...long, { path: ['fields'], message }]
}

function referenceFaults(file: CodebookFile, lists: ReadonlyMap<string, CodeList>): Fault[] {
  const { field: fields } = compileCodebook(file, lists)
  const faults: Fault[] = []
  const checkConditions = (path: (string | number)[], conditions: Conditions | undefined, own?: string) => {
    for (const [name, wanted] of Object.entries(conditions ?? {})) {
      const field = fields.get(name)
      const place = [...path, name]
      if (field === undefined) faults.push({ path: place, message: `there is no field ${name}` })
      else if (name === own) faults.push({ path: place, message: `the field ${name} cannot depend on itself` })
      else {
        const single = { ...field, multi: null, nullable: true }
        for (const value of Array.isArray(wanted) ? wanted : [wanted]) {
          if (!isValueOf(single, value))
            faults.push({ path: place, message: `${JSON.stringify(value)} is no value of ${name}` })
        }
      }
    }
  }
  for (const [index, field] of file.fields.entries()) {
    checkConditions(['fields', index, 'applies_when'], field.applies_when, field.name)
    if (field.derived !== undefined) faults.push(...derivedFaults(field, ['fields', index, 'derived'], fields))
  }
  faults.push(...circleFaults(file))
  for (const [index, { when, require, forbid }] of file.constraints.entries()) {
    checkConditions(['constraints', index, 'when'], when)
    checkConditions(['constraints', index, 'require'], require)
    checkConditions(['constraints', index, 'forbid'], forbid)
    if ((require === undefined) === (forbid === undefined)) {
      faults.push({ path: ['constraints', index], message: 'needs either require or forbid' })
    }
  }
  for (const [index, { labels }] of file.examples.entries()) {
    for (const [name, value] of Object.entries(labels)) {
      const field = fields.get(name)
      const path = ['examples', index, 'labels', name]
      if (field === undefined) faults.push({ path, message: `there is no field ${name}` })
      else if (!isValueOf(field, value))
        faults.push({ path, message: `${JSON.stringify(value)} is no value of ${name}` })
    }
  }
  return faults
}

function derivedFaults(
  { name, derived }: FieldFile,
  path: (string | number)[],
  fields: ReturnType<typeof compileCodebook>['field'],
): Fault[] {
  if (derived === undefined) return []
  const source = fields.get(derived.from)
  if (source === undefined) return [{ path: [...path, 'from'], message: `there is no field ${derived.from}` }]
  if (source.type.kind !== 'values' || source.multi !== null) {
    return [{ path: [...path, 'from'], message: `${derived.from} must be a field with values, one a record` }]
  }
  const faults: Fault[] = []
  const seen = new Set<string | number>()
  for (const [value, from] of Object.entries(derived.values)) {
    for (const one of from) {
      if (!isValueOf(source, one))
        faults.push({
          path: [...path, 'values', value],
          message: `${JSON.stringify(one)} is no value of ${derived.from}`,
        })
      else if (seen.has(one))
        faults.push({ path: [...path, 'values', value], message: `${JSON.stringify(one)} decides ${name} twice` })
      seen.add(one)
    }
  }
  const missing = source.type.values.filter(({ value }) => !seen.has(value)).map(({ value }) => String(value))
  if (missing.length > 0)
    faults.push({
      path: [...path, 'values'],
      message: `does not say what follows from ${missing.slice(0, 10).join(', ')}`,
    })
  return faults
}

/** A fault for each field whose applies_when or derived leads back to the field itself by way of other fields. */
function circleFaults({ fields }: CodebookFile): Fault[] {
  const needs = new Map(
    fields.map(({ name, applies_when: when = {}, derived }) => {
      return [name, [...Object.keys(when), ...(derived === undefined ? [] : [derived.from])]]
    }),
  )
  const reaches = (from: string, goal: string, seen: Set<string>): boolean => {
    return (needs.get(from) ?? []).some((next) => {
      if (next === goal) return true
      if (seen.has(next)) return false
      seen.add(next)
      return reaches(next, goal, seen)
    })
  }
  return fields.flatMap(({ name }, index) => {
    if (!reaches(name, name, new Set())) return []
    return [{ path: ['fields', index], message: `the field ${name} depends on itself by way of other fields` }]
  })
}
