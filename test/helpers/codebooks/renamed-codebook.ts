/** Makes a copy of a codebook file in which every field and every value has another name, for tests that no name is special. */
import { parseDocument } from 'yaml'

export interface RenamedCodebook {
  /** The YAML text of the copy. */
  readonly text: string
  /** The copy's name of a field of the original. */
  fieldOf(field: string): string
  /** The copy's name of a label of the original; labels that the codebook does not list stay as they are. */
  labelOf(field: string, label: unknown): unknown
}

type Node = Record<string, unknown>

/** Renames the fields to `a1`, `a2` … and the texts among their values to `f1-v1`, `f1-v2` …; numbers and patterns stay. */
export function renameCodebook(text: string, name: string): RenamedCodebook {
  const file = parseDocument(text).toJS() as Node & { fields: Node[]; constraints: Node[]; examples: Node[] }
  const fieldNames = new Map(file.fields.map((field, index) => [String(field.name), `a${index + 1}`]))
  const labels = new Map<string, Map<unknown, string>>()
  for (const [index, { name: field, values, derived }] of file.fields.entries()) {
    const listed = (values as Node[] | undefined)?.map(({ value }) => value) ?? Object.keys(valuesOf(derived))
    const texts = listed.filter((value) => typeof value === 'string')
    labels.set(String(field), new Map(texts.map((value, at) => [value, `f${index + 1}-v${at + 1}`])))
  }
  const fieldOf = (field: string) => fieldNames.get(field) ?? field
  const labelOf = (field: string, label: unknown) => labels.get(field)?.get(label) ?? label
  const conditionOf = (conditions: Node) =>
    Object.fromEntries(
      Object.entries(conditions).map(([field, wanted]) => {
        const renamed = Array.isArray(wanted) ? wanted.map((one) => labelOf(field, one)) : labelOf(field, wanted)
        return [fieldOf(field), renamed]
      }),
    )
  const fields = file.fields.map((field) => {
    const own = String(field.name)
    const { values, derived, applies_when } = field
    const from = String((derived as Node | undefined)?.from)
    return {
      ...field,
      name: fieldOf(own),
      ...(values === undefined
        ? {}
        : { values: (values as Node[]).map((one) => ({ ...one, value: labelOf(own, one.value) })) }),
      ...(derived === undefined
        ? {}
        : {
            derived: {
              from: fieldOf(from),
              values: Object.fromEntries(
                Object.entries(valuesOf(derived)).map(([value, sources]) => [
                  labelOf(own, value),
                  sources.map((source) => labelOf(from, source)),
                ]),
              ),
            },
          }),
      ...(applies_when === undefined ? {} : { applies_when: conditionOf(applies_when as Node) }),
    }
  })
  const constraints = file.constraints.map((constraint) => ({
    ...constraint,
    ...Object.fromEntries(
      ['when', 'require', 'forbid'].flatMap((key) => {
        return constraint[key] === undefined ? [] : [[key, conditionOf(constraint[key] as Node)]]
      }),
    ),
    message: String(constraint.message).replace(/\{(\w+)\}/g, (_, field: string) => `{${fieldOf(field)}}`),
  }))
  const examples = file.examples.map(({ record, labels: given }) => ({ record, labels: conditionOf(given as Node) }))
  const copy = { ...file, name, fields, constraints, examples }
  return { text: JSON.stringify(copy, null, 1), fieldOf, labelOf }
}

function valuesOf(derived: unknown): Readonly<Record<string, readonly unknown[]>> {
  return ((derived as Node | undefined)?.values ?? {}) as Readonly<Record<string, readonly unknown[]>>
}
