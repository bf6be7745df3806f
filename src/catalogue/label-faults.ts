/** Checks the labels that a person gave one record: values that the fields can have, and that fit together. */
import { type Codebook, type Field, isValueOf, type LabelValue, meets } from '../codebooks/codebook.ts'
import { suggestion } from '../codebooks/suggest.ts'
import { shown, valueFault } from '../codebooks/value-fault.ts'

interface LabelFault {
  /** The name of the field. */
  readonly name: string
  readonly message: string
}

type GivenLabels = Readonly<Record<string, unknown>>

/** What is wrong with labels of a record. Some fields may have no label. */
export function labelFaults(codebook: Codebook, labels: GivenLabels): LabelFault[] {
  return Object.entries(labels).flatMap(([name, value]): LabelFault[] => {
    const field = codebook.field.get(name)
    if (field === undefined) {
      const known = suggestion(name, [...codebook.field.keys()])
      return [{ name, message: `${codebook.name} has no field ${shown(name)}${known}` }]
    }
    const message = valueFault(field, value) ?? contradiction(codebook, field, labels)
    return message === undefined ? [] : [{ name, message }]
  })
}

/** Why a label that the field can have does not go with the other labels of the record. */
function contradiction(
  codebook: Codebook,
  { name, type, appliesWhen }: Field,
  labels: GivenLabels,
): string | undefined {
  const value = labels[name]
  if (type.kind === 'derived') {
    const cause = labels[type.from]
    const right = typeof cause === 'string' || typeof cause === 'number' ? type.valueOf.get(cause) : undefined
    if (right === undefined || right === value) return undefined
    return `${shown(value)} does not follow from ${type.from} ${shown(cause)}, of which ${right} follows`
  }
  if (appliesWhen === null || value === null) return undefined
  const known = knownLabels(codebook, labels, Object.keys(appliesWhen))
  if (known === undefined || meets(known, appliesWhen)) return undefined
  const needed = Object.entries(appliesWhen).map(([of, wanted]) => `${of}: ${[wanted].flat().join(' or ')}`)
  return `${shown(value)} stands where the field does not apply, which needs ${needed.join(', ')}: give null`
}

/** The messages of the constraints that the labels break; a constraint about a field without a label is not judged. */
export function brokenConstraints(codebook: Codebook, labels: GivenLabels): string[] {
  return codebook.constraints.flatMap(({ name, when, require, forbid, message }) => {
    const fields = [when, require, forbid].flatMap((conditions) => Object.keys(conditions ?? {}))
    const known = knownLabels(codebook, labels, fields)
    if (known === undefined || !meets(known, when)) return []
    const isBroken = (require !== undefined && !meets(known, require)) || (forbid !== undefined && meets(known, forbid))
    return isBroken ? [`the constraint ${name} is broken: ${message}`] : []
  })
}

/** The labels of these fields; undefined where one has no label, or a label that it cannot have. */
function knownLabels(
  codebook: Codebook,
  labels: GivenLabels,
  names: readonly string[],
): Readonly<Record<string, LabelValue>> | undefined {
  const known: Record<string, LabelValue> = {}
  for (const name of names) {
    const field = codebook.field.get(name)
    const value = labels[name]
    if (field === undefined || !isValueOf(field, value)) return undefined
    known[name] = value
  }
  return known
}
