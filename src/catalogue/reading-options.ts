/** How a user wants a file to be read: the options of commands and mapping files, put together. */
import { parseColumnList, parseMap } from './mapping/map-option.ts'
import { formatMappingFile, parseMappingFile, type Reading, readingSchema } from './mapping/mapping-file.ts'
import type { MappedField } from './mapping/synonyms.ts'
import { inputInvalid, printable } from './problem-report.ts'
import { describeReadError } from './read-error.ts'
import { readUtf8 } from './utf8-file.ts'

export { formatMappingFile, type MappedField, type Reading, readingSchema }

/** The options of a command as typed. */
export interface ReadingFlags {
  readonly map?: string
  readonly keep?: string
  readonly context?: string
  readonly layout?: 'auto' | 'long' | 'wide'
  readonly sheet?: string
  readonly records?: string
  readonly encoding?: string
  /** The path of a mapping file. */
  readonly mapping?: string
}

/** Puts the options together; what is typed counts more than what the mapping file says. Rejects with input-invalid. */
export async function readReading(flags: ReadingFlags): Promise<Reading> {
  const file = flags.mapping === undefined ? {} : await readMapping(flags.mapping)
  const { layout, sheet, records, encoding } = flags
  const typed = flags.map === undefined ? {} : listed(parseMap(flags.map))
  const map = { ...file.map, ...typed }
  return {
    ...file,
    ...(layout === undefined ? {} : { layout }),
    ...(sheet === undefined ? {} : { sheet }),
    ...(records === undefined ? {} : { records }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(Object.keys(map).length === 0 ? {} : { map }),
    ...(flags.keep === undefined ? {} : { keep: parseColumnList(flags.keep) }),
    ...(flags.context === undefined ? {} : { context: parseColumnList(flags.context) }),
  }
}

/** The names of columns in --map stay as typed, because a plus may belong to a name, which only the file tells. */
function listed(map: ReturnType<typeof parseMap>): NonNullable<Reading['map']> {
  return Object.fromEntries(
    Object.entries(map).map(([field, text]) => [
      field,
      typeof text === 'string' ? (text === '' ? [] : [text]) : [...text],
    ]),
  )
}

async function readMapping(path: string): Promise<Reading> {
  const shown = printable(path, 300)
  const read = await readUtf8(path).catch((error: unknown) => {
    throw inputInvalid(`--mapping ${shown}: ${describeReadError(error)}`, error)
  })
  if (!('text' in read)) throw inputInvalid(`--mapping ${shown}, line ${read.line} ${read.message}`)
  return parseMappingFile(read.text, shown)
}
