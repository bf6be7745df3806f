/** Decides how a table is read: looks at its first rows, finds the layout and the mapping, and says what is unsure. */
import { isServiceError } from '../errors.ts'
import type { RowOutcome, SourceRow, Table } from './formats/types.ts'
import { detectLayout, seriesLayout } from './layout/detect.ts'
import type { Layout } from './layout/types.ts'
import { areCoded, cellText } from './mapping/cell-text.ts'
import { columnNamed } from './mapping/columns-named.ts'
import type { GivenMapping } from './mapping/map-option.ts'
import { profileColumns } from './mapping/profile.ts'
import { proposeMapping, sourceText } from './mapping/propose.ts'
import type { MappedField } from './mapping/synonyms.ts'
import type { FieldMapping, Mapping } from './mapping/types.ts'
import { inputInvalid, pluralise, showValue } from './problem-report.ts'

/** How many rows are looked at, and how many cells and bytes of them at most, because all of them are held at once. */
const SAMPLE_ROWS = 3_000
const SAMPLE_CELLS = 600_000
const SAMPLE_BYTES = 33_554_432
/** So many rows are looked at however large they are. */
const FEWEST_ROWS = 20
const MAX_SHOWN = 10
/** A name such as "GDP: Chain volume" looks like a code in front of its name, too, but in one column alone. */
const FEWEST_CODED = 3

export interface PlanOptions {
  readonly map?: GivenMapping | undefined
  readonly keep?: readonly string[] | undefined
  readonly context?: readonly string[] | undefined
  readonly layout?: 'auto' | 'long' | 'wide' | undefined
}

export interface Plan {
  readonly layout: Layout
  readonly mapping: Mapping
  /** The columns that come back with the result, and those that the model is shown. */
  readonly keep: readonly number[]
  readonly context: readonly number[]
  /** The columns whose cells have a code in front of its name, "M: Monthly". */
  readonly coded: readonly number[]
  /** What a person should know before the file is used, in sentences. */
  readonly problems: readonly string[]
  /** Whether a required field rests on a guess. */
  readonly isUnsure: boolean
}

/** Plans the reading of a table. Throws `input-invalid` where a required field has no column, or several that may be it. */
export async function planReading(table: Table, label: string, options: PlanOptions): Promise<Plan> {
  const rows = await firstRows(table)
  const cells = rows.filter(({ isSection }) => isSection !== true).map((row) => row.cells)
  const profiles = profileColumns(table.columns.length, cells)
  const sample = { columns: table.columns, profiles, rows: cells }
  const layout =
    options.layout === 'long'
      ? ({ kind: 'long' } as const)
      : ((table.series && seriesLayout(sample)) ?? detectLayout(sample))
  if (options.layout === 'wide' && layout.kind === 'long') throw inputInvalid(`${label}: ${NO_PERIODS}`)
  const hasSections = rows.some(({ isSection }) => isSection === true)
  const keep = (options.keep ?? []).map((name) => columnNamed(table.columns, name, '--keep'))
  const context = (options.context ?? []).map((name) => columnNamed(table.columns, name, '--context'))
  const reserved = [...keep, ...context]
  const task = { ...sample, repeated: table.repeated, layout, given: options.map ?? {}, reserved, hasSections }
  const facts = factsOf(table, layout)
  const mapping = withPairs(
    facts === undefined ? proposeMapping(task) : mapFacts(task, facts),
    table.columns,
    profiles.map(({ lists }) => lists > 0.5),
  )
  const at = headerPlace(label, table)
  requireFields(mapping, table, at, cells.length)
  const wanted = new Set(reserved.map((place) => table.columns[place]))
  const unused = mapping.unused.filter(({ column }) => !wanted.has(column))
  return {
    layout,
    mapping: { ...mapping, unused },
    keep,
    context,
    coded: codedColumns(table, cells),
    problems: problemsOf({ ...mapping, unused }, table, cells),
    isUnsure: mapping.fields.some(({ field, doubt }) => isRequired(field) && doubt !== undefined),
  }
}

/** The records of a table whose columns are series, by what its head says of them. */
function factsOf({ series }: Table, layout: Layout) {
  if (series === undefined || layout.kind !== 'wide-rows') return undefined
  return { places: series.facts, rows: layout.series.map((column) => series.cellsOf(column)) }
}

/** Maps the facts as a table in which each series is a row; its frequency is that of the periods, where no fact is it. */
function mapFacts(
  task: Parameters<typeof proposeMapping>[0],
  { places, rows }: { readonly places: readonly number[]; readonly rows: readonly (readonly unknown[])[] },
): Mapping {
  const others = [...task.columns.keys()].filter((place) => !places.includes(place))
  const profiles = profileColumns(task.columns.length, rows)
  const mapping = proposeMapping({
    ...task,
    profiles,
    rows,
    layout: { kind: 'long' },
    reserved: [...task.reserved, ...others],
  })
  const names = new Set(others.map((place) => task.columns[place]))
  const hasPeriodicity = mapping.fields.some(({ field }) => field === 'periodicity')
  // Where no fact is the id, the name of the column is, as for series without facts.
  const fields = mapping.fields.map((one): FieldMapping => {
    const isMade = one.field === 'indicator_id' && one.origin === 'made'
    return isMade ? { ...one, source: BY_COLUMN } : one
  })
  if (!fields.some(({ field }) => field === 'name') && mapping.open.length === 0)
    fields.push({ field: 'name', source: BY_COLUMN, origin: 'made' })
  const periodicity: FieldMapping = { field: 'periodicity', source: { columns: [], made: 'periods' }, origin: 'made' }
  return {
    ...mapping,
    fields: hasPeriodicity ? fields : [...fields, periodicity],
    unused: mapping.unused.filter(({ column }) => !names.has(column)),
  }
}

/** The columns with codes in front of their names, as their own name may have; by their cells alone only where it is the way of the table. */
function codedColumns({ columns }: Table, rows: readonly (readonly unknown[])[]): number[] {
  const named = [...columns.entries()].filter(([, name]) => /^[A-Z0-9_]+:\s?\S/.test(name)).map(([place]) => place)
  const held = [...columns.keys()].filter((place) => areCoded(rows.map((cells) => cellText(cells[place]).trim())))
  return [...new Set([...named, ...(held.length >= FEWEST_CODED ? held : [])])]
}

const BY_COLUMN = { columns: [], made: 'measure' } as const
const NO_PERIODS =
  'no columns and no rows are periods, so --layout wide has nothing to turn. Read it as it is: --layout long'

/** The first rows of the table. What refuses the whole file is left to the reading that checks it, which words it better. */
async function firstRows(table: Table): Promise<SourceRow[]> {
  const most = Math.max(
    FEWEST_ROWS,
    Math.min(SAMPLE_ROWS, Math.floor(SAMPLE_CELLS / Math.max(1, table.columns.length))),
  )
  const rows: SourceRow[] = []
  let size = 0
  for await (const row of safeRows(table)) {
    if (row.kind !== 'row') continue
    rows.push(row)
    size += sizeOf(row)
    if (rows.length >= most || (size >= SAMPLE_BYTES && rows.length >= FEWEST_ROWS)) break
  }
  return rows
}

/** The bytes of the row; the characters of its cells where the format has no text of its own. */
function sizeOf({ bytes, cells }: SourceRow): number {
  return bytes?.length ?? cells.reduce<number>((sum, cell) => sum + cellText(cell).length, 0)
}

async function* safeRows(table: Table): AsyncGenerator<RowOutcome> {
  try {
    yield* table.rows()
  } catch (error) {
    if (!isServiceError(error)) throw error
  }
}

function isRequired(field: MappedField): boolean {
  return field === 'indicator_id' || field === 'name'
}

function headerPlace(label: string, { headerLine }: Table): string {
  return headerLine === undefined ? label : `${label}, line ${headerLine}, header row`
}

function requireFields({ fields, open }: Mapping, table: Table, at: string, rows: number): void {
  for (const { field, choices } of open) {
    const [first = ''] = choices
    throw inputInvalid(
      `${at}: ${field} may be ${choices.slice(0, MAX_SHOWN).map(showValue).join(' or ')}. ` +
        `Say which: --map ${field === 'indicator_id' ? 'id' : field}=${JSON.stringify(first)}`,
    )
  }
  // Records of JSON that go by the names of the service, or are all broken, are named line by line when they are checked.
  if (table.isJson && (rows === 0 || table.columns.includes('indicator_id') || table.columns.includes('name'))) return
  const emptied = fields.find(
    ({ field, source }) => isRequired(field) && source.columns.length === 0 && source.made === undefined,
  )
  if (emptied !== undefined)
    throw inputInvalid(`${at}: --map ${emptied.field}= names no column, but every indicator needs ${emptied.field}`)
  const missing = (['indicator_id', 'name'] as const).filter(
    (field) => !fields.some((mapping) => mapping.field === field),
  )
  if (missing.length === 0) return
  const shown = table.columns.slice(0, MAX_SHOWN).map(showValue).join(', ')
  const rest = table.columns.length > MAX_SHOWN ? ` and ${table.columns.length - MAX_SHOWN} more` : ''
  const way = missing.map((field) => `${field === 'indicator_id' ? 'id' : field}=COLUMN`).join(',')
  throw inputInvalid(
    `${at}: no column ${missing.join(' and no column ')}; it has ${shown}${rest}. ` +
      `Say which columns they are: --map ${way}. The first row must name the fields, such as indicator_id,name,units`,
  )
}

/** A list of periods beside a list of values, as DBnomics gives them, are the sample values. */
function withPairs(mapping: Mapping, columns: readonly string[], isList: readonly boolean[]): Mapping {
  const listNamed = (name: string) => columns.findIndex((column, place) => column === name && isList[place] === true)
  const places = [listNamed('period'), listNamed('value')]
  if (places.some((place) => place < 0) || mapping.fields.some(({ field }) => field === 'sample_values')) return mapping
  const pair: FieldMapping = { field: 'sample_values', source: { columns: places }, origin: 'name' }
  const names = new Set(places.map((place) => columns[place]))
  return {
    ...mapping,
    fields: [...mapping.fields, pair],
    unused: mapping.unused.filter(({ column }) => !names.has(column)),
  }
}

function problemsOf(mapping: Mapping, table: Table, rows: readonly (readonly unknown[])[]): string[] {
  const problems = mapping.fields.flatMap(({ field, source, origin, doubt }) => {
    const text = sourceText(source, table.columns)
    const option = `--map ${field === 'indicator_id' ? 'id' : field}=COLUMN`
    if (doubt !== undefined) return [`${field} is read from ${text}, unsure: ${doubt}. Another: ${option}`]
    if (origin === 'made' && field === 'indicator_id')
      return [`indicator_id is made of ${text}, because no single column is one. Another: ${option}`]
    if (source.part === 'title') return [`name is the part of ${text} in front of the dash, and description the rest`]
    return []
  })
  const repeated = [...table.repeated.keys()].map((place) => table.columns[place] ?? '')
  if (repeated.length > 0) {
    const names = repeated.slice(0, MAX_SHOWN).map(showValue).join(', ')
    problems.push(`columns whose names stand twice in the header: ${names}`)
  }
  const guessed = mapping.unused.filter(({ guess }) => guess !== null).slice(0, MAX_SHOWN)
  for (const { column, guess } of guessed) {
    problems.push(
      `column ${showValue(column)} is not used; it may be ${guess}: --map ${guess}=${JSON.stringify(column)}`,
    )
  }
  return [...problems, ...otherKinds(table, rows)]
}

/** Says how many rows describe something else than a measure, where a column tells the kinds apart. */
function otherKinds({ columns }: Table, rows: readonly (readonly unknown[])[]): string[] {
  const place = columns.findIndex((name) => /^(?:concept|indicator|record|row|variable)[_ ]?type$/i.test(name))
  if (place < 0) return []
  const kinds = rows.map((cells) => cellText(cells[place])).filter((kind) => kind !== '')
  const others = kinds.filter((kind) => !/measure|indicator|numeric|series/i.test(kind))
  if (others.length === 0 || others.length === kinds.length) return []
  const names = [...new Set(others)].slice(0, MAX_SHOWN).join(', ')
  return [
    `${pluralise(others.length, 'row')} of the first ${kinds.length} may be no indicators: ${columns[place]} is ${names}`,
  ]
}
