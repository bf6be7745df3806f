/** Writes the records that `--skip-invalid` leaves out to a file of their own, unchanged, so that a user can correct them. */
import { pluralise } from '../../catalogue/problem-report.ts'
import type { InvalidRecord } from '../../catalogue/types.ts'
import { type GrowingOutput, openGrowingOutput } from '../ui/output-file.ts'

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
  let file: GrowingOutput | undefined
  let name = ''
  let count = 0
  const listed: string[] = []
  return {
    write: async ({ bytes, header, problems }) => {
      if (file === undefined) {
        name = `skipped-${runId}.${header === undefined ? 'jsonl' : 'csv'}`
        file = await openGrowingOutput(name, { option: '--skip-invalid' })
        if (header !== undefined) await file.append(Buffer.concat([header, NEW_LINE]))
      }
      count += 1
      for (const { line, field, message } of problems) {
        if (listed.length < MAX_LISTED) listed.push(`  line ${line}: ${field}: ${message}`)
      }
      await file.append(Buffer.concat([bytes, NEW_LINE]))
    },
    report: () => (count === 0 ? [] : [`Wrote ${pluralise(count, 'invalid record')} to ${name}:`, ...listed]),
    close: async () => {
      await file?.close()
    },
  }
}
