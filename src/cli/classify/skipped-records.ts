/** Writes the records that `--skip-invalid` leaves out to a file of their own, unchanged, so that a user can correct them. */
import { type FileHandle, open } from 'node:fs/promises'
import { pluralise } from '../../catalogue/problem-report.ts'
import type { InvalidRecord } from '../../catalogue/types.ts'
import { messageOf, ServiceError } from '../../errors.ts'

const MAX_LISTED = 20
const NEW_LINE = Buffer.from('\n')

export interface SkippedFile {
  write(record: InvalidRecord): Promise<void>
  /** Returns lines for the terminal: how many records were left out, the name of their file, and the first problems. */
  report(): readonly string[]
  close(): Promise<void>
}

/**
 * Creates a writer for invalid records. The file appears in the current directory with the first invalid record, so a
 * catalogue without errors leaves no file. A CSV file begins with the header of the catalogue, so that the file is
 * itself a catalogue.
 */
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
          const message = `${name} cannot be written in this directory: ${messageOf(error)}`
          throw new ServiceError('input-invalid', message, { cause: error })
        })
        if (header !== undefined) await file.writeFile(Buffer.concat([header, NEW_LINE]))
      }
      count += 1
      for (const { line, field, message } of problems) {
        if (listed.length < MAX_LISTED) listed.push(`  line ${line}: ${field}: ${message}`)
      }
      await file.writeFile(Buffer.concat([bytes, NEW_LINE]))
    },
    report: () => (count === 0 ? [] : [`Wrote ${pluralise(count, 'invalid record')} to ${name}:`, ...listed]),
    close: async () => {
      await file?.close()
    },
  }
}
