/** Mapping files: how a file is read, written down once as YAML and used again. */
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { inputInvalid, printable } from '../problem-report.ts'
import { MAPPED_FIELDS, type MappedField } from './synonyms.ts'

const columnName = z.string().min(1).max(1_000)
const columns = z.union([columnName.transform((name) => [name]), z.array(columnName).max(20)])
const names = z.array(columnName).max(200)

/** What a mapping file, and the journal of a run, may say of how a file is read. */
export const readingSchema = z.strictObject({
  layout: z.enum(['auto', 'long', 'wide']).optional(),
  encoding: z.string().max(40).optional(),
  sheet: z.string().max(200).optional(),
  records: z.string().max(1_000).optional(),
  map: z.partialRecord(z.enum(MAPPED_FIELDS), columns).optional(),
  keep: names.optional(),
  context: names.optional(),
})

export type Reading = z.output<typeof readingSchema>

/** Reads the text of a mapping file. Throws `input-invalid`, which names the key at fault. */
export function parseMappingFile(text: string, path: string): Reading {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 0 })
  } catch (error) {
    const message = error instanceof Error ? printable(error.message, 200) : 'no YAML'
    throw inputInvalid(`--mapping ${path}: it is no YAML: ${message}`, error)
  }
  const checked = readingSchema.safeParse(value ?? {})
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const key = printable(issue?.path.join('.') ?? '')
  throw inputInvalid(
    `--mapping ${path}: ${key === '' ? 'the file' : `key ${key}`}: ${printable(issue?.message ?? '', 200)}. ` +
      'npm run inspect -- FILE --save MAPPING.yaml writes one',
  )
}

/** Writes a mapping file; fields that are read from no column are found out anew each time. */
export function formatMappingFile(
  fields: Readonly<Partial<Record<MappedField, readonly string[]>>>,
  { layout, encoding, sheet, records, keep = [], context = [] }: Reading,
): string {
  const single = Object.entries(fields).map(([field, columnNames]) => [
    field,
    columnNames.length === 1 ? columnNames[0] : columnNames,
  ])
  const body = {
    ...(layout === undefined ? {} : { layout }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(sheet === undefined ? {} : { sheet }),
    ...(records === undefined ? {} : { records }),
    map: Object.fromEntries(single),
    ...(keep.length === 0 ? {} : { keep }),
    ...(context.length === 0 ? {} : { context }),
  }
  const head =
    '# How a catalogue file is read: npm run classify -- FILE --mapping THIS-FILE\n# Each field names its column, or a list of columns whose texts are joined.\n'
  return `${head}${stringify(body)}`
}
