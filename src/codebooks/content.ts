/** The meaning of a codebook as one text, by which two codebooks that say the same are recognised. */
import type { Codebook } from './codebook.ts'
import type { CodebookFile } from './format.ts'

/**
 * The checked file with its defaults, and the codes of its lists, as JSON with sorted keys. Comments, formatting, line ends,
 * the order of keys and the file names of code lists leave no trace in it, while the order of fields, values and codes does.
 */
export function contentOf(file: CodebookFile, { fields }: Codebook): string {
  const lists = fields.flatMap(({ name, type }) => (type.kind === 'codes' ? [[name, type.list.codes] as const] : []))
  const plain = file.fields.map((field) => {
    return field.codes === undefined ? field : { ...field, codes: { ...field.codes, file: undefined } }
  })
  return JSON.stringify({ file: { ...file, fields: plain }, lists: Object.fromEntries(lists) }, sortKeys)
}

function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
