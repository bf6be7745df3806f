/** Opens the catalogue of a command: by the options that were typed, or those with which a resumed run began. */
import { openCatalogue } from '../../catalogue/open-catalogue.ts'
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { type Reading, type ReadingFlags, readReading } from '../../catalogue/reading-options.ts'
import { mappingLine, type ReadingReport } from '../../catalogue/reading-report.ts'
import type { Catalogue, CatalogueOptions } from '../../catalogue/types.ts'
import { ServiceError } from '../../errors.ts'
import { confirm } from '../ui/confirm.ts'
import { say } from '../ui/terminal.ts'
import { typedFlags } from './reading-flags.ts'

const MAX_LINE = 1_000
const MAX_DOUBTS = 3

/** What the journal of an earlier run says of its catalogue. */
interface EarlierRun {
  readonly header: { readonly run_id: string; readonly reading?: Reading | undefined }
}

/**
 * The reading that the options ask for, or that of the run that is resumed. Rejects with ServiceError input-invalid where a resumed
 * run would be read in another way than it began.
 */
export async function readingOf(flags: ReadingFlags, earlier: EarlierRun | null): Promise<Reading> {
  if (earlier === null) return await readReading(flags)
  const [typed] = typedFlags(flags)
  if (typed === undefined) return earlier.header.reading ?? {}
  const message = `The run ${earlier.header.run_id} reads its file as it began: resume without ${typed}, or classify as a new run`
  throw new ServiceError('input-invalid', message)
}

/** Opens the catalogue and says in a line which columns became which fields, where that is not plain to see. */
export async function openForCommand(
  path: string,
  options: CatalogueOptions,
  { mayAsk }: { readonly mayAsk: boolean },
): Promise<Catalogue> {
  const catalogue = await openCatalogue(path, options)
  try {
    say(`${catalogue.label}: ${pluralise(catalogue.count, 'indicator')}`)
    if (!isPlain(catalogue.reading)) say(`Fields: ${printable(mappingLine(catalogue.reading), MAX_LINE)}`)
    await settleDoubts(catalogue.reading, { path, mayAsk, signal: options.signal })
    return catalogue
  } catch (error) {
    await catalogue.close()
    throw error
  }
}

/** Whether the columns have the names of the fields, and every one is read. */
function isPlain({ mapping, layout, unused }: ReadingReport): boolean {
  return (
    layout === 'long' &&
    unused.every(({ guess }) => guess === null) &&
    Object.entries(mapping).every(([a, b]) => a === b)
  )
}

/** Asks a person, where there is one, whether the id and the name are right that rest on a guess; else says how to look. */
async function settleDoubts(
  { isUnsure, problems }: ReadingReport,
  {
    path,
    mayAsk,
    signal,
  }: { readonly path: string; readonly mayAsk: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (!isUnsure) return
  const doubts = problems.filter((problem) => / unsure: /.test(problem)).slice(0, MAX_DOUBTS)
  for (const doubt of doubts) say(`Unsure: ${printable(doubt, MAX_LINE)}`)
  const canAsk = mayAsk && path !== '-' && process.stdin.isTTY === true && process.stderr.isTTY === true
  if (!canAsk || signal === undefined) {
    say('To see how the file is read: npm run inspect -- FILE; --map says it otherwise')
    return
  }
  if (await confirm('Classify it so?', signal)) return
  throw new ServiceError(
    'input-invalid',
    'Nothing was sent. Say which columns are meant with --map, such as --map name=COLUMN',
  )
}
