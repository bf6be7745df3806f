/** Finds columns by the names that a user writes: --map, --keep, --context and mapping files. */
import { nearestName } from '../../lib/nearest-name.ts'
import { inputInvalid, showValue } from '../problem-report.ts'
import { MAPPED_FIELDS, type MappedField, matchesOf, plainName } from './synonyms.ts'

const MAX_SHOWN = 12

/** The field that the user named, by its own name or by one of which the table of names knows no other meaning. Throws `input-invalid`, which lists the fields. */
export function fieldNamed(name: string): MappedField {
  const given = name.trim().toLowerCase()
  const own = MAPPED_FIELDS.find((field) => field === given)
  if (own !== undefined) return own
  const [only, another] = matchesOf(given)
  if (only !== undefined && another === undefined && !only.isWeak) return only.field
  throw inputInvalid(
    `--map: ${showValue(name)} is no field of an indicator; the fields are ${MAPPED_FIELDS.join(', ')}`,
  )
}

/** The place of the column that the user named. Throws `input-invalid`, which names the nearest columns. */
export function columnNamed(columns: readonly string[], name: string, option: string): number {
  const given = name.trim()
  for (const same of [
    (column: string) => column === given,
    (column: string) => column.toLowerCase() === given.toLowerCase(),
    (column: string) => plainName(column) === plainName(given) && plainName(given) !== '',
  ]) {
    const found = columns.findIndex(same)
    if (found >= 0) return found
  }
  const near = nearestName(given, columns)
  const shown = columns.slice(0, MAX_SHOWN).map(showValue).join(', ')
  const rest = columns.length > MAX_SHOWN ? ` and ${columns.length - MAX_SHOWN} more` : ''
  const meant = near === undefined ? '' : `; did you mean ${showValue(near)}?`
  throw inputInvalid(`${option}: there is no column ${showValue(given)}${meant} The columns are ${shown}${rest}`)
}

/** The columns of a source as a user writes it, such as `Notes+Definition`. A name with a plus in it counts as a whole first. */
export function columnsNamed(columns: readonly string[], text: string, option: string): number[] {
  const whole = columns.indexOf(text.trim())
  if (whole >= 0) return [whole]
  return text.split('+').map((name) => columnNamed(columns, name, option))
}
