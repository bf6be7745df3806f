/** Records that `--skip-invalid` leaves out: kept in a file of their own, as they stood, so that they can be mended. */
import { type FileHandle, open } from 'node:fs/promises'
import type { InvalidRecord } from '../../catalogue/types.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { formatCount } from '../ui/terminal.ts'

const MAX_LISTED = 20
const NEW_LINE = Buffer.from('\n')

export interface SkippedFile {
  write(record: InvalidRecord): Promise<void>
  /** What a person should know: how many, why, and where they are. Empty where nothing was left out. */
  report(): readonly string[]
  close(): Promise<void>
}

/** The file is made with the first record; CSV gets its header, so that it is a catalogue of its own. */
export function createSkippedFile(runId: string): SkippedFile {
  let file: FileHandle | undefined
  let name = ''
  let count = 0
  const listed: string[] = []
  return {
    write: async ({ bytes, header, problems }) => {
      if (file === undefined) {
        name = `skipped-${runId}.${header === undefined ? 'jsonl' : 'csv'}`
        file = await open(name, 'wx').catch((error: unknown) => {
          throw new ServiceError('input-invalid', `${name} cannot be written here: ${messageOf(error)}`, {
            cause: error,
          })
        })
        if (header !== undefined) await file.writeFile(Buffer.concat([header, NEW_LINE]))
      }
      count += 1
      for (const { line, field, message } of problems) {
        if (listed.length < MAX_LISTED) listed.push(`  line ${line}: ${field}: ${message}`)
      }
      await file.writeFile(Buffer.concat([bytes, NEW_LINE]))
    },
    report: () => (count === 0 ? [] : [`Left out ${formatCount(count)} invalid records, kept in ${name}:`, ...listed]),
    close: async () => {
      await file?.close()
    },
  }
}
