/** Says how a file is read, as data: format, encoding, layout, which column is which field, what is left, what is unsure. */
import type { Table } from './formats/types.ts'
import type { CatalogueFormat } from './limits.ts'
import { sourceText } from './mapping/propose.ts'
import type { MappedField } from './mapping/synonyms.ts'
import type { UnusedColumn } from './mapping/types.ts'
import type { Plan } from './plan.ts'
import type { PlainFile } from './source/unpack.ts'

export interface ReadingReport {
  readonly format: CatalogueFormat
  /** How the file is packed, such as "gzip"; null where it is not. */
  readonly compression: string | null
  readonly encoding: string
  readonly layout: Plan['layout']['kind']
  /** The source of each mapped field, as `--map` takes it; in parentheses where it is no column. */
  readonly mapping: Readonly<Record<string, string>>
  /** The columns that no field is read from, with what they might have been. */
  readonly unused: readonly UnusedColumn[]
  readonly problems: readonly string[]
  /** Whether the id or the name rests on a guess. */
  readonly isUnsure: boolean
  /** The columns of each field that is read from columns, by name. */
  readonly fieldColumns: Readonly<Partial<Record<MappedField, readonly string[]>>>
  /** The columns of the table, in their order. */
  readonly columns: readonly string[]
}

export function reportReading(file: PlainFile, table: Table, plan: Plan): ReadingReport {
  const { fields, unused } = plan.mapping
  const periods = periodsText(table, plan)
  const mapping = Object.fromEntries(fields.map(({ field, source }) => [field, sourceText(source, table.columns)]))
  const encoded =
    file.encoding === 'windows-1252'
      ? ['the text is no UTF-8 and was read as Windows-1252 (Latin-1); another: --encoding NAME']
      : []
  return {
    format: table.format,
    compression: file.compression ?? null,
    encoding: file.encoding,
    layout: plan.layout.kind,
    mapping: periods === undefined || 'sample_values' in mapping ? mapping : { ...mapping, sample_values: periods },
    unused,
    problems: [...table.notes, ...encoded, ...plan.problems],
    isUnsure: plan.isUnsure,
    fieldColumns: Object.fromEntries(
      fields
        .filter(({ source }) => source.columns.length > 0 && source.made === undefined && source.part === undefined)
        .map(({ field, source }) => [field, source.columns.map((place) => table.columns[place] ?? '')]),
    ),
    columns: table.columns,
  }
}

/** Where the observations of a table that is turned come from. */
function periodsText({ columns }: Table, { layout }: Plan): string | undefined {
  const name = (place: number | undefined) => columns[place ?? -1] ?? ''
  switch (layout.kind) {
    case 'long':
      return undefined
    case 'wide':
      return `(${layout.periods.length} columns, ${name(layout.periods[0]?.column)} to ${name(layout.periods.at(-1)?.column)})`
    case 'wide-rows':
      return `(${layout.series.length} columns, by ${layout.times.map(name).join('+')})`
    case 'tall':
      return `(${layout.values.length === 1 ? name(layout.values[0]) : `${layout.values.length} columns`} by ${layout.times.map(name).join('+')})`
  }
}

/** The mapping in one line, such as `indicator_id=Code, name="Indicator Name"`. */
export function mappingLine({ mapping, layout, unused }: ReadingReport): string {
  const parts = Object.entries(mapping).map(
    ([field, source]) => `${field}=${/^[\w().]+$/.test(source) ? source : JSON.stringify(source)}`,
  )
  const left = unused.length === 0 ? '' : `; not used: ${unused.length} ${unused.length === 1 ? 'column' : 'columns'}`
  return `${parts.join(', ')}${layout === 'long' ? '' : `; layout ${layout}`}${left}`
}
