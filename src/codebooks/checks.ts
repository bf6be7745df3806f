/** What the format alone cannot say of a codebook: its parts must fit together. Faults are data with their place. */
import type { CodeList } from './code-list.ts'
import { compileField, type Field } from './codebook.ts'
import { fieldFaults, sizeFaults } from './field-checks.ts'
import type { CodebookFile, Conditions, ConstraintFile, FieldFile } from './format.ts'
import type { Fault } from './format-faults.ts'
import { suggestion } from './suggest.ts'
import { shown, valueFault } from './value-fault.ts'

/** The parts of a codebook, each at its place in the file. A part with a fault of the format is null. */
export interface CodebookParts {
  readonly fields: readonly (FieldFile | null)[]
  /** The name of each field, also of one with a fault; null where it has no name. */
  readonly names: readonly (string | null)[]
  readonly constraints: readonly (ConstraintFile | null)[]
  readonly examples: readonly (CodebookFile['examples'][number] | null)[]
}

/** A search stops here, because far fewer faults are shown, and each one is compared with every name there is. */
const MOST_REFERENCE_FAULTS = 200

/** The fields by name. A field with a fault is null: what refers to it cannot be judged. */
type Fields = ReadonlyMap<string, Field | null>

/** Every fault of the parts that have the right format. Without any, `compileCodebook` can build the codebook. */
export function checkCodebook(parts: CodebookParts, lists: ReadonlyMap<string, CodeList>): Fault[] {
  const own = parts.fields.map((field, index) => (field === null ? [] : fieldFaults(field, index)))
  const fields = new Map<string, Field | null>()
  const doubled: Fault[] = []
  for (const [index, name] of parts.names.entries()) {
    if (name === null) continue
    const field = parts.fields[index] ?? null
    if (fields.has(name)) doubled.push({ path: ['fields', index, 'name'], message: `the field ${name} stands twice` })
    else
      fields.set(
        name,
        field !== null && own[index]?.length === 0 && hasList(field, lists) ? compileField(field, lists) : null,
      )
  }
  return [
    ...own.flat(),
    ...doubled,
    ...sizeFaults(parts.fields),
    ...referenceFaults(parts, fields),
    ...circleFaults(parts),
  ]
}

function hasList({ codes }: FieldFile, lists: ReadonlyMap<string, CodeList>): boolean {
  return codes === undefined || (lists.get(codes.file)?.codes.length ?? 0) > 0
}

function referenceFaults({ fields, constraints, examples }: CodebookParts, byName: Fields): Fault[] {
  const faults: Fault[] = []
  const check = (path: Fault['path'], conditions: Conditions | undefined, own?: string) => {
    if (faults.length < MOST_REFERENCE_FAULTS) faults.push(...conditionFaults(path, conditions, byName, own))
  }
  for (const [index, field] of fields.entries()) {
    if (field === null) continue
    check(['fields', index, 'applies_when'], field.applies_when, field.name)
    faults.push(...derivedFaults(field, ['fields', index, 'derived'], byName))
  }
  for (const [index, constraint] of constraints.entries()) {
    if (constraint === null) continue
    const { when, require, forbid } = constraint
    check(['constraints', index, 'when'], when)
    check(['constraints', index, 'require'], require)
    check(['constraints', index, 'forbid'], forbid)
    if ((require === undefined) === (forbid === undefined)) {
      faults.push({ path: ['constraints', index], message: 'needs either require or forbid' })
    }
  }
  for (const [index, example] of examples.entries()) {
    for (const [name, value] of Object.entries(example?.labels ?? {})) {
      const path = ['examples', index, 'labels', name]
      const field = byName.get(name)
      const message =
        field === undefined ? noField(name, byName) : field === null ? undefined : valueFault(field, value)
      if (message !== undefined && faults.length < MOST_REFERENCE_FAULTS) faults.push({ path, message })
    }
  }
  return faults
}

function conditionFaults(
  path: Fault['path'],
  conditions: Conditions | undefined,
  byName: Fields,
  own?: string,
): Fault[] {
  return Object.entries(conditions ?? {}).flatMap(([name, wanted]): Fault[] => {
    const place = [...path, name]
    if (name === own) return [{ path: place, message: `the field ${name} cannot depend on itself` }]
    const field = byName.get(name)
    if (field === undefined) return [{ path: place, message: noField(name, byName) }]
    if (field === null) return []
    // A condition names single values, also of a field that may have several.
    const single = { ...field, multi: null, nullable: true }
    const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
    return values.flatMap((value): Fault[] => {
      const message = valueFault(single, value)
      return message === undefined ? [] : [{ path: place, message }]
    })
  })
}

function noField(name: string, byName: Fields): string {
  return `there is no field ${name}${suggestion(name, [...byName.keys()])}`
}

function derivedFaults({ name, derived }: FieldFile, path: (string | number)[], byName: Fields): Fault[] {
  if (derived === undefined) return []
  const from = [...path, 'from']
  if (derived.from === name) return [{ path: from, message: `the field ${name} cannot follow from itself` }]
  const source = byName.get(derived.from)
  if (source === undefined) return [{ path: from, message: noField(derived.from, byName) }]
  if (source === null) return []
  if (source.type.kind !== 'values' || source.multi !== null) {
    return [{ path: from, message: `${derived.from} must be a field with values, one a record` }]
  }
  const faults: Fault[] = []
  const seen = new Set<string | number>()
  for (const [value, causes] of Object.entries(derived.values)) {
    for (const one of causes) {
      const twice = seen.has(one) ? `${shown(one)} decides ${name} twice` : undefined
      const message = valueFault({ ...source, nullable: false }, one) ?? twice
      if (message !== undefined && faults.length < MOST_REFERENCE_FAULTS) {
        faults.push({ path: [...path, 'values', value], message })
      }
      seen.add(one)
    }
  }
  const missing = source.type.values.filter(({ value }) => !seen.has(value)).map(({ value }) => String(value))
  if (missing.length > 0) {
    const message = `does not say what follows from ${missing.slice(0, 10).join(', ')}`
    faults.push({ path: [...path, 'values'], message })
  }
  return faults
}

/** A fault for each circle of fields that lead back to themselves by way of applies_when or derived of other fields. */
function circleFaults({ fields }: CodebookParts): Fault[] {
  const needs = new Map(
    fields.flatMap((field) => {
      if (field === null) return []
      const { name, applies_when: when = {}, derived } = field
      const all = [...Object.keys(when), ...(derived === undefined ? [] : [derived.from])]
      return [[name, all.filter((other) => other !== name)] as const]
    }),
  )
  const reported = new Set<string>()
  return fields.flatMap((field, index): Fault[] => {
    if (field === null || reported.has(field.name)) return []
    const circle = pathBack(field.name, needs)
    if (circle === undefined) return []
    for (const name of circle) reported.add(name)
    const message = `the field ${field.name} depends on itself: ${[...circle, field.name].join(' → ')}`
    return [{ path: ['fields', index], message }]
  })
}

/** The names on a way from `goal` over what it needs back to itself, beginning with `goal`. */
function pathBack(goal: string, needs: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>()
  const walk = (from: string): string[] | undefined => {
    for (const next of needs.get(from) ?? []) {
      if (next === goal) return [from]
      if (seen.has(next)) continue
      seen.add(next)
      const rest = walk(next)
      if (rest !== undefined) return [from, ...rest]
    }
    return undefined
  }
  return walk(goal)
}
