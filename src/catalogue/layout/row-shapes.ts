/** Says which values of a JSON record are read by a plan, and how large each may be; all others are left out before they are built. */
import { RECORD_SHAPE } from '../../classification/indicator.ts'
import type { JsonAny, JsonShape } from '../../lib/json/json-shape.ts'
import type { Table } from '../formats/types.ts'
import type { Plan } from '../plan.ts'
import { observationColumns } from './types.ts'

/** A value under another name than that of a field may be a list or an object, of which the texts are read. */
const OTHER: JsonAny = { kind: 'any', maxBytes: 262_144, maxValues: 20_000, beyond: 'refuse' }
/** What only comes back with the result is left out where it is too large, and costs no record. */
const KEPT: JsonAny = { ...OTHER, beyond: 'null' }
/** What all values together may have that are kept only because the whole record is wanted. */
const WHOLE_BYTES = 500_000

/** The shapes of what the plan reads; with `isWhole` also of all other values of the record, which become null where they are too large. */
export function rowShapes(
  { columns, keys }: Table,
  { layout, mapping, keep, context }: Plan,
  isWhole: boolean,
): ReadonlyMap<string, JsonShape> {
  const shapes = new Map<string, JsonShape>()
  const add = (place: number, shape: JsonShape) => {
    const key = keys[place]
    if (key !== undefined) shapes.set(key, shapes.has(key) ? OTHER : shape)
  }
  for (const place of [...keep, ...context]) add(place, KEPT)
  for (const { field, source } of mapping.fields) {
    const own = RECORD_SHAPE.kind === 'fields' ? RECORD_SHAPE.fields.get(field) : undefined
    for (const place of source.columns) add(place, own !== undefined && columns[place] === field ? own : OTHER)
  }
  for (const place of observed(layout)) add(place, OTHER)
  if (!isWhole) return shapes
  const others = new Set(keys.filter((key) => !shapes.has(key)))
  const maxBytes = Math.min(KEPT.maxBytes, Math.floor(WHOLE_BYTES / Math.max(1, others.size)))
  for (const key of others) shapes.set(key, { ...KEPT, maxBytes })
  return shapes
}

function observed(layout: Plan['layout']): readonly number[] {
  if (layout.kind === 'wide') return layout.periods.map(({ column }) => column)
  return layout.kind === 'tall' ? [...observationColumns(layout), ...layout.key] : observationColumns(layout)
}
