/** Finds the catalogue of a run, checks that a resumed run gets the same catalogue, and builds the command that resumes a run. */
import type { Catalogue } from '../../catalogue/types.ts'
import { ServiceError } from '../../errors.ts'
import { DEFAULT_CATALOGUE } from '../../restate/contract.ts'
import type { InputSource } from '../sources/input-source.ts'
import { say } from '../ui/terminal.ts'
import { catalogueNameOf } from './catalogue-name.ts'
import type { ClassifyOptions } from './options.ts'
import type { RunJournal } from './run-journal.ts'

/**
 * Builds the command line that resumes a run; `file` is the catalogue that the user named, or "-" for standard input.
 */
export function buildResumeCommand(runId: string, file: string | undefined): string {
  return `npm run classify -- ${file === '-' ? `- --resume ${runId} < FILE` : `--resume ${runId}`}`
}

/**
 * Returns the name of the catalogue of a run: the one with which a resumed run began, which is undefined where an earlier
 * release began it, else the given one, else that of the file. Throws ServiceError input-invalid where a resumed run would
 * get another one.
 */
export function catalogueOfRun(
  { path, name }: InputSource,
  { catalogue }: Pick<ClassifyOptions, 'catalogue'>,
  earlier: RunJournal | null,
): string | undefined {
  if (earlier === null) return catalogue ?? catalogueNameOf(name ?? path)
  const { run_id, catalogue: begun } = earlier.header
  if (catalogue !== undefined && catalogue !== (begun ?? DEFAULT_CATALOGUE)) {
    const advice = 'resume without --catalogue, or classify as a new run'
    const message = `The run ${run_id} began with the catalogue "${begun ?? DEFAULT_CATALOGUE}": ${advice}`
    throw new ServiceError('input-invalid', message)
  }
  return begun
}

/** Throws ServiceError input-invalid where the catalogue has changed its indicators since the run began. */
export function checkSameCatalogue(catalogue: Catalogue, earlier: RunJournal | null): void {
  if (earlier === null || earlier.header.fingerprint === catalogue.fingerprint) return
  const advice = 'classify it as a new run; unchanged indicators are not asked again'
  throw new ServiceError(
    'input-invalid',
    `${catalogue.label} has changed since the run ${earlier.header.run_id} began: ${advice}`,
  )
}

/**
 * Tells the user to give the standard input of a resumed run again, because standard input is not stored. Throws
 * ServiceError input-invalid where standard input is a terminal, because the command would then wait without end.
 */
export function requireSameInput(runId: string): void {
  const command = buildResumeCommand(runId, '-')
  const message = `The run ${runId} was read from standard input; give the same input again: ${command}`
  if (process.stdin.isTTY) throw new ServiceError('input-invalid', message)
  say(message)
}
