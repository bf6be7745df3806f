/** The file format of a codebook: what each key may hold, checked by zod and published as a JSON Schema. */
import { z } from 'zod'
import { RECORD_TEXTS } from './record-texts.ts'

/** A label as results hold it: a text or a number, a list of texts in a multi-label field, or null for no label. */
export type LabelValue = string | number | null | readonly string[]

const MAX_SHORT = 200
const MAX_LONG = 2_000
/** The most values that a field may define in the codebook itself; more belong into a code list. */
export const MOST_VALUES = 400
/** The most fields of one codebook: each one costs tokens in every question. */
export const MOST_FIELDS = 40

const short = z.string().trim().min(1, 'must not be blank').max(MAX_SHORT, `must have at most ${MAX_SHORT} characters`)
const long = z.string().trim().min(1, 'must not be blank').max(MAX_LONG, `must have at most ${MAX_LONG} characters`)
const fieldName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be 1 to 40 of a-z, 0-9 and _, beginning with a letter, such as "main_topic"')
const labelText = z.string().trim().min(1, 'must not be blank').max(80, 'must have at most 80 characters')
const label = z.union([labelText, z.number()], { error: 'must be a text or a number' })
const oneOrMore = z.union([label, z.array(label).min(1)], { error: 'must be a text or a number, or a list of these' })

/** Conditions on other fields: every field named must have one of the values given. */
const conditions = z
  .record(fieldName, oneOrMore)
  .describe('Fields of this codebook with the value, or the list of values, that the condition asks for.')

const value = z
  .strictObject({
    value: label.describe('The label as results hold it.'),
    definition: long.describe('When a record has this value. The model reads it, and so do people who review.'),
    not: long.optional().describe('What looks like this value and is another one, with that other value.'),
  })
  .describe('One value of the field with its definition.')

const codes = z
  .strictObject({
    file: short.describe('A CSV file beside the codebook: code, title, and optionally parent, definition, synonyms.'),
    shortlist: z.int().min(5).max(200).default(20).describe('How many codes a question shows where not all fit.'),
    only_leaves: z.boolean().default(true).describe('Whether only codes without children may be given.'),
  })
  .describe('A code list from a file, for fields with more values than a prompt can hold.')

const derived = z
  .strictObject({
    from: fieldName.describe('The field that decides this one.'),
    values: z
      .record(labelText, z.array(label).min(1))
      .describe(
        'Each value of this field with the values of the other field that it follows from. Every one must be named.',
      ),
  })
  .describe('A field that follows from another one and is never asked.')

export const fieldSchema = z.strictObject({
  name: fieldName.describe('The name of the column, key and question.'),
  title: short.describe('What a person calls the field.'),
  guidance: long.optional().describe('How to decide the field, read before its values.'),
  note: long.optional().describe('What to mind, read after its values.'),
  values: z
    .array(value)
    .min(2)
    .max(MOST_VALUES, `must be at most ${MOST_VALUES}; put a longer list into a file (codes)`)
    .optional(),
  codes: codes.optional(),
  number: z
    .strictObject({ min: z.number(), max: z.number(), whole: z.boolean().default(false), definition: long })
    .optional()
    .describe('A number between two bounds.'),
  pattern: z
    .strictObject({ matches: short.describe('A regular expression for the whole value.'), definition: long })
    .optional()
    .describe('A code of a known form, such as an ISO currency code.'),
  text: z
    .strictObject({ max_length: z.int().min(1).max(MAX_SHORT), definition: long })
    .optional()
    .describe('A short text of its own.'),
  derived: derived.optional(),
  multi: z.boolean().default(false).describe('Whether a record may have several of the values.'),
  max: z.int().min(1).max(20).optional().describe('The most values of a multi-label field.'),
  nullable: z.boolean().default(false).describe('Whether a record may have no value here (null).'),
  asked: z.boolean().default(true).describe('Whether the model is asked; false leaves the field to the readers.'),
  applies_when: conditions.optional().describe('The field holds null unless these conditions are met.'),
})

const record = z.strictObject({
  name: short.describe('What one record is called, such as "indicator".'),
  plural: short,
  description: long.describe('What a record is, for the model.'),
  texts: z
    .array(z.strictObject({ name: z.enum(RECORD_TEXTS), limit: z.int().min(20).max(4_000).default(200) }))
    .min(1)
    .describe('Which texts of a record the model is shown, in this order, each cut to its limit.'),
  samples: z.int().min(0).max(24).default(0).describe('How many of the last sample values the model is shown.'),
})

export const constraintSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'must be lower-case words joined by hyphens'),
  when: conditions,
  require: conditions.optional().describe('What must hold as well.'),
  forbid: conditions.optional().describe('What must not hold as well.'),
  message: long.describe('What is wrong, for the person who reviews. {field} stands for the value of that field.'),
  blocks: z.boolean().default(true).describe('Whether a result that breaks it needs a review; false only notes it.'),
})

export const exampleSchema = z.strictObject({
  record: z.partialRecord(z.enum(RECORD_TEXTS), long),
  labels: z.record(
    fieldName,
    z.union([label, z.null(), z.array(labelText)], { error: 'must be a text, a number, a list of texts, or null' }),
  ),
})

export const codebookSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,59}$/, 'must be lower-case words joined by hyphens, such as "news-topics"')
      .describe('The name by which batches and commands ask for the codebook.'),
    version: z
      .union(
        [
          z.string().regex(/^[A-Za-z0-9._-]{1,20}$/, 'must be 1 to 20 of A-Z a-z 0-9 . _ -'),
          z.number().transform(String),
        ],
        { error: 'must be a text or a number, such as 2' },
      )
      .describe('Raise it with every change of meaning.'),
    title: short,
    source: long.optional().describe('Where the definitions and code lists come from, and under which licence.'),
    instructions: long.optional().describe('What the model has to mind as a whole.'),
    record,
    fields: z.array(fieldSchema).min(1).max(MOST_FIELDS),
    constraints: z.array(constraintSchema).default([]),
    rulings: z.array(long).max(200).default([]).describe('How cases of doubt were decided, one sentence or two each.'),
    examples: z
      .array(exampleSchema)
      .max(50)
      .default([])
      .describe('Records with their labels. None may stand in a gold file.'),
  })
  .describe('A codebook of the classify service.')

/** A codebook file as it was written, defaults filled in. Its parts may still contradict each other. */
export type CodebookFile = z.output<typeof codebookSchema>
export type FieldFile = CodebookFile['fields'][number]
export type ConstraintFile = CodebookFile['constraints'][number]
export type Conditions = z.output<typeof conditions>

/** The JSON Schema of the format for editors, in draft 2020-12, of what an author may write, so that keys with a default may be left out. */
export function codebookJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(codebookSchema, { io: 'input', unrepresentable: 'any' })
  return { title: 'Codebook of the classify service', ...schema }
}
