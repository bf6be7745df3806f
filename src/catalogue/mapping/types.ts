/** What a mapping is: which columns each field of an indicator is read from. */
import type { Layout, TableSample } from '../layout/types.ts'
import type { GivenMapping } from './map-option.ts'
import type { MappedField } from './synonyms.ts'

/** The columns that a field is read from, by their places; their texts are joined. */
export interface Source {
  readonly columns: readonly number[]
  /** Of texts such as "Title - Sentence." the part before or behind the dash. */
  readonly part?: 'title' | 'rest' | undefined
  /** A text that stands in no column: the name of the file, of a measure, or of a section. */
  readonly made?: 'file' | 'measure' | 'section' | 'periods' | undefined
}

/** How a field came to its source: by the user, the name of the column, its content, or because nothing better is there. */
export type Origin = 'option' | 'name' | 'content' | 'made'

export interface FieldMapping {
  readonly field: MappedField
  readonly source: Source
  readonly origin: Origin
  /** Why a person should look at it; undefined where the mapping is sure. */
  readonly doubt?: string | undefined
}

/** A column that no field is read from, and which it might have been. */
export interface UnusedColumn {
  readonly column: string
  readonly guess: MappedField | null
}

/** A field that must be mapped and has several columns that could be it. */
export interface OpenChoice {
  readonly field: MappedField
  readonly choices: readonly string[]
}

export interface Mapping {
  readonly fields: readonly FieldMapping[]
  readonly unused: readonly UnusedColumn[]
  readonly open: readonly OpenChoice[]
}

/** What a mapping is proposed for. */
export interface MappingTask extends TableSample {
  /** Columns whose name another column had already, with the place of that other column. */
  readonly repeated: ReadonlyMap<number, number>
  readonly layout: Layout
  readonly given: GivenMapping
  /** The columns that the user wants for something else, so that no field takes them by itself. */
  readonly reserved: readonly number[]
  /** Whether the rows hold titles of sections. */
  readonly hasSections: boolean
}
