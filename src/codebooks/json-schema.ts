/** The JSON Schema of the codebook format, for editors that complete and check YAML files. */
import { z } from 'zod'
import { codebookSchema } from './format.ts'

/** The schema in draft 2020-12 of what an author may write, so that keys with a default may be left out. */
export function codebookJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(codebookSchema, { io: 'input', unrepresentable: 'any' })
  return { title: 'Codebook of the classify service', ...schema }
}
