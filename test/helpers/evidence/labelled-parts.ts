/** A made-up catalogue of parts with known labels, a model that is wrong where a test says so, and a person who fills in files. */
import { readFile, writeFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { type ScriptedModel, startScriptedModel } from '../servers/model.ts'

export const PARTS_CODEBOOK = `name: my-parts
version: 1
title: Parts
record: {name: part, plural: parts, description: A part in a store room., texts: [{name: name}, {name: description}]}
fields:
  - name: kind
    title: Kind
    values: [{value: tool, definition: Used by hand.}, {value: bolt, definition: Holds two things.}, {value: panel, definition: Flat.}]
  - name: uses
    title: Uses
    multi: true
    max: 2
    values: [{value: indoors, definition: In a house.}, {value: outdoors, definition: In a garden.}]
  - name: weight
    title: Weight
    nullable: true
    number: {min: 0, max: 1000, definition: Kilograms.}
`

export type PartLabels = Readonly<Record<'kind' | 'uses' | 'weight', string | number | null | readonly string[]>>

const KINDS = ['tool', 'bolt', 'panel'] as const

export function makeParts(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    indicator_id: `P.${index}`,
    name: `Part ${index} of the store`,
    description: `It lies on shelf ${index}.`,
  }))
}

/** The labels that every person who judges rightly gives. */
export function trueLabels(id: string): PartLabels {
  const index = Number(id.slice(2))
  const uses = index % 4 === 0 ? ['indoors', 'outdoors'] : index % 2 === 0 ? ['indoors'] : ['outdoors']
  return { kind: KINDS[index % 3] ?? 'tool', uses, weight: index % 5 === 0 ? null : index % 100 }
}

export interface PartsModel extends ScriptedModel {
  /** The ids that the model answers wrongly, which a test may change while the model runs. */
  readonly wrong: Set<string>
}

/** Starts a model that gives the true labels, but another kind for the ids in `wrong`. Its confidence says nothing. */
export async function startPartsModel(): Promise<PartsModel> {
  const wrong = new Set<string>()
  const model = await startScriptedModel(({ ids, keyOf, fieldsOf }) => ({
    answers: ids.map((id) => {
      const labels: Record<string, unknown> = { ...trueLabels(id) }
      if (wrong.has(id)) labels['kind'] = labels['kind'] === 'tool' ? 'bolt' : 'tool'
      const confidence = 80 + (Number(id.slice(2)) % 20)
      const given = fieldsOf(id).map((field) => ({ field, value: labels[field], confidence }))
      return { key: keyOf(id), reason: 'scripted', labels: given }
    }),
  }))
  return { ...model, wrong }
}

/** A row of a labelling file in CSV form, by its columns. */
export type FormRow = Record<string, string>

export async function readForm(path: string): Promise<FormRow[]> {
  return parse(await readFile(path, 'utf8'), { columns: true }) as FormRow[]
}

/** Fills in a labelling file with the true labels, as `change` has them, and returns the ids of its rows. */
export async function fillForm(
  path: string,
  change: (id: string, labels: PartLabels) => Readonly<Record<string, unknown>> = (_, labels) => labels,
): Promise<string[]> {
  const rows = await readForm(path)
  const filled = rows.map((row) => {
    const id = row['indicator_id'] ?? ''
    const cells = Object.entries(change(id, trueLabels(id))).filter(([name]) => name in row)
    return { ...row, ...Object.fromEntries(cells.map(([name, value]) => [name, cellOf(value)])) }
  })
  await writeFile(path, stringify(filled, { header: true }))
  return rows.map((row) => row['indicator_id'] ?? '')
}

function cellOf(value: unknown): string {
  if (Array.isArray(value)) return value.join('; ')
  return value === null ? '' : String(value)
}
