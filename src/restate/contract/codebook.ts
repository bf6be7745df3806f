/** The contract of classify-api/codebook: stores a codebook, reads one, or lists those that the service has. */
import { z } from 'zod'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'
import { idSchema } from './id.ts'

/** The most characters of a codebook's YAML text or of one of its code lists. */
const MAX_CODEBOOK_TEXT = 2_000_000
const codebookText = z
  .string({ error: 'must be a text' })
  .max(MAX_CODEBOOK_TEXT, { error: `must be at most ${MAX_CODEBOOK_TEXT} characters` })
  // PostgreSQL stores neither.
  .refine((text) => !text.includes('\0') && text.isWellFormed(), { error: 'must hold no NUL and no half characters' })

export const codebookRequestSchema = z
  .strictObject({
    text: codebookText.optional().describe('The YAML text of a codebook to store.'),
    lists: z
      .record(z.string().min(1).max(200), codebookText)
      .optional()
      .describe('The code lists that the text names, by file name.'),
    name: idSchema
      .optional()
      .describe('A reference such as news-topics, news-topics@2 or news-topics@HASH of a codebook to read.'),
  })
  .refine(({ text, name }) => text === undefined || name === undefined, {
    error: 'give either text, to store a codebook, or name, to read one',
  })
  .refine(({ text, lists }) => text !== undefined || lists === undefined, {
    error: 'give the text of the codebook that the lists belong to',
    path: ['text'],
  })
  .describe('With text it stores a codebook, with name it reads one, else it lists all.')

export type CodebookRequest = z.infer<typeof codebookRequestSchema>

const identitySchema = z.object({ name: z.string(), version: z.string(), hash: z.string() })

/** The name, version and hash of a codebook that the service has. */
export type CodebookIdentity = DeepReadonly<z.infer<typeof identitySchema>>

export const codebookResponseSchema = z.union([
  z
    .object({ codebooks: z.array(identitySchema) })
    .describe('The codebooks that the service has, the built-in ones first.'),
  identitySchema
    .extend({
      text: z.string().exactOptional().describe('The YAML text of the codebook that was named.'),
      lists: z.record(z.string(), z.string()).exactOptional().describe('The texts of its code lists, by file name.'),
      warning: z
        .string()
        .exactOptional()
        .describe('Says that name and version are stored with another content as well.'),
    })
    .describe('The codebook that was named or stored.'),
])

export type CodebookResponse = DeepReadonly<z.infer<typeof codebookResponseSchema>>
