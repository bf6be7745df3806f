/** Looks at uploaded files by the command `inspect`, in the background, and keeps what it found. */
import { join } from 'node:path'
import { z } from 'zod'
import { writePrivateFile } from '../embedded/private-files.ts'
import { linesOf } from '../errors.ts'
import { sha256 } from '../lib/sha256.ts'
import { type CommandRunner, commandFault } from './commands.ts'
import type { Upload } from './uploads.ts'

/** What a person changed of how the file is read. */
export interface Reading {
  readonly map: Readonly<Record<string, string>>
  readonly layout: string
  readonly sheet: string
  readonly records: string
  readonly encoding: string
}

const reportSchema = z.object({
  format: z.string(),
  compression: z.string().optional(),
  encoding: z.string(),
  layout: z.string(),
  records: z.int(),
  columns: z.array(z.string()),
  mapping: z.record(z.string(), z.string()),
  unused: z.array(z.object({ column: z.string(), guess: z.string().nullable() })),
  problems: z.array(z.string()),
  sample: z.array(z.looseObject({ indicator_id: z.string(), name: z.string() })),
  estimate: z.object({ model: z.string(), model_requests: z.number(), cost_usd: z.number() }).nullable(),
})

export type Inspection =
  | { readonly state: 'running' }
  | { readonly state: 'failed'; readonly lines: readonly string[] }
  | { readonly state: 'done'; readonly report: z.infer<typeof reportSchema> }

export interface Inspections {
  /** What is known of the file as it is read so; the look begins with the first question. */
  find(upload: Upload, reading: Reading): Inspection
  /** The options by which a command reads the file so. */
  optionsOf(upload: Upload, reading: Reading): Promise<string[]>
}

/** A large file is read as a whole, twice. */
const PATIENCE_MS = 10 * 60_000
const KEPT = 50

export function createInspections(commands: CommandRunner): Inspections {
  const known = new Map<string, Inspection>()

  const optionsOf = async ({ folder }: Upload, reading: Reading): Promise<string[]> => {
    const { map, layout, sheet, records, encoding } = reading
    // JSON is YAML as well, and holds every name of a column without ambiguity.
    const columns = Object.entries(map).map(([field, column]) => [field, column === '' ? [] : column.split('\u0000')])
    const body = {
      ...(columns.length === 0 ? {} : { map: Object.fromEntries(columns) }),
      ...(layout === '' ? {} : { layout }),
      ...(sheet === '' ? {} : { sheet }),
      ...(records === '' ? {} : { records }),
      ...(encoding === '' ? {} : { encoding }),
    }
    if (Object.keys(body).length === 0) return []
    // Each mapping has a file of its own, because another one may be written before a command has read it.
    const text = JSON.stringify(body)
    const file = join(folder, `mapping-${sha256(text).slice(0, 16)}.yaml`)
    await writePrivateFile(file, text)
    return ['--mapping', file]
  }

  const look = async (upload: Upload, reading: Reading): Promise<Inspection> => {
    try {
      const options = await optionsOf(upload, reading)
      const args = ['inspect', upload.path, '--json', ...options]
      const result = await commands.run(args, { timeoutMs: PATIENCE_MS, cwd: upload.folder })
      if (result.code !== 0) throw commandFault(result)
      return { state: 'done', report: reportSchema.parse(JSON.parse(result.stdout)) }
    } catch (error) {
      return { state: 'failed', lines: linesOf(error) }
    }
  }

  return {
    optionsOf,
    find: (upload, reading) => {
      const key = JSON.stringify([upload.id, reading])
      const found = known.get(key)
      if (found !== undefined) return found
      const running: Inspection = { state: 'running' }
      known.set(key, running)
      void look(upload, reading).then((done) => known.set(key, done))
      const [oldest] = known.keys()
      if (known.size > KEPT && oldest !== undefined) known.delete(oldest)
      return running
    },
  }
}
