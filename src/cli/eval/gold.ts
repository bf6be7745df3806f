/** Reads the inputs of an evaluation: the codebook that --codebook names, and a gold file that fits it. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { builtInFile, isMeant, type LoadedCodebook, loadCodebook } from '../../catalogue/codebook-files.ts'
import { describeReadError } from '../../catalogue/read-error.ts'
import { DEFAULT_CODEBOOK } from '../../classification/scheme.ts'
import { BUILT_IN_NAMES, codeOf } from '../../codebooks/built-in.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { ServiceError } from '../../errors.ts'
import { type GoldRow, parseGold } from '../../eval/gold-file.ts'
import { readStoredCodebook } from '../classify/run-codebook.ts'
import { findIngress } from '../client/ingress.ts'
import { createServiceClient } from '../client/service.ts'
import { loadBuiltIn, readCodebookChoice } from '../codebook/codebook-option.ts'
import { shellWord } from '../ui/shell-word.ts'
import { say } from '../ui/terminal.ts'

const MOST_LISTED = 20
/** The milliseconds that the question for a stored codebook may take. */
const PATIENCE_MS = 30_000

/** The codebook of an evaluation, and where it comes from. */
export interface EvalCodebook {
  readonly loaded: LoadedCodebook
  /** Whether the codebook is a file of the user, which a service has to store first. */
  readonly isOwnFile: boolean
  /** The gold file that comes with the codebook; null for a codebook that is not built in. */
  readonly shippedGold: string | null
}

/**
 * Loads the codebook by which the labels were given: a file, one that comes with this release, or one that the service at
 * `ingress` has stored. Rejects with ServiceError input-invalid where there is none.
 */
export async function loadEvalCodebook(
  choice: string | undefined,
  ingress: readonly string[] | undefined,
): Promise<EvalCodebook> {
  const read = await readCodebookChoice(choice ?? DEFAULT_CODEBOOK)
  if (read.kind === 'file') return { loaded: await loadCodebook(read.path), isOwnFile: true, shippedGold: null }
  const [name = '', wanted] = read.reference.split('@')
  const loaded = await loadBuiltIn(name)
  if (loaded !== undefined && isMeant(wanted, { version: loaded.codebook.version, hash: loaded.hash })) {
    return { loaded, isOwnFile: false, shippedGold: goldBeside(builtInFile(name)) }
  }
  if (ingress !== undefined) {
    const { signal } = new AbortController()
    await findIngress(ingress, signal)
    const service = createServiceClient({ urls: ingress, patienceMs: PATIENCE_MS })
    return { loaded: await readStoredCodebook(service, read.reference, signal), isOwnFile: false, shippedGold: null }
  }
  const there = loaded === undefined ? BUILT_IN_NAMES.join(', ') : `${name}@${loaded.codebook.version}`
  const advice = 'for a codebook of your own give its file, or with --ingress the service that has stored it'
  throw new ServiceError(
    'input-invalid',
    `--codebook: there is no "${read.reference}" here; there is ${there}; ${advice}`,
  )
}

function goldBeside(codebookFile: string | undefined): string | null {
  return codebookFile === undefined ? null : join(dirname(codebookFile), 'gold.jsonl')
}

/**
 * Returns the path of the gold file: the named one, else the one that comes with the codebook. Throws ServiceError
 * input-invalid where there is neither.
 */
export function goldPathOf(
  file: string | undefined,
  { loaded, shippedGold }: EvalCodebook,
  codebook: string | undefined,
): string {
  if (file !== undefined) return file
  const { name } = loaded.codebook
  if (shippedGold === null) {
    const usage = `npm run eval -- GOLD.jsonl --codebook ${shellWord(codebook ?? name)}`
    const reason = `no gold file comes with the codebook ${name}`
    throw new ServiceError('input-invalid', `Name a gold file, records with their labels: ${usage}; ${reason}`)
  }
  const origin = codeOf(name) === null ? 'which its authors wrote' : 'on which its rules were tuned'
  say(`No gold file was named: scoring the one that comes with the codebook ${name}, ${origin}.`)
  return shippedGold
}

/** Names the gold file in a report; `file` is undefined where that of the codebook was taken. */
export function describeGold(file: string | undefined, { name }: Codebook): string {
  if (file !== undefined) return file
  return codeOf(name) === null ? 'shipped (written by the authors)' : 'shipped (written and tuned on by the authors)'
}

/**
 * Reads and checks a gold file. Rejects with ServiceError input-invalid whose message names the wrong lines. With
 * `needsLabels` false its rows may have no labels.
 */
export async function readGoldFile(
  path: string,
  codebook: Codebook,
  { needsLabels = true } = {},
): Promise<readonly GoldRow[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new ServiceError('input-invalid', `The gold file ${path}: ${describeReadError(error)}`, { cause: error })
  })
  if (!isUtf8(bytes)) throw new ServiceError('input-invalid', `${path} is not UTF-8: save it as UTF-8`)
  const { rows, problems, ignored } = parseGold(bytes.toString('utf8'), codebook, { needsLabels })
  if (problems.length > 0) {
    const shown = problems.slice(0, MOST_LISTED).map((problem) => `  ${problem}`)
    const rest = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []
    const kind = `is no gold file by the codebook ${codebook.name}@${codebook.version}`
    throw new ServiceError('input-invalid', [`${path} ${kind}:`, ...shown, ...rest])
  }
  for (const [label, count] of ignored)
    say(`Labels that are not scored, because the codebook has no such field: ${label} (${count})`)
  return rows
}
