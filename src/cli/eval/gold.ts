/** Reads the inputs of an evaluation: the codebook that --codebook names, and a gold file that fits it. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type LoadedCodebook, loadCodebook } from '../../catalogue/codebook-files.ts'
import { DEFAULT_CODEBOOK } from '../../classification/scheme.ts'
import { BUILT_IN_NAMES } from '../../codebooks/built-in.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { type GoldRow, parseGold } from '../../eval/gold-file.ts'
import { loadBuiltIn, readCodebookChoice } from '../codebook/codebook-option.ts'
import { say } from '../ui/terminal.ts'

/**
 * The path of the gold file in this repository. The rules were tuned on this file, so scores on it are better than on
 * new data.
 */
export const SHIPPED_GOLD = fileURLToPath(new URL('../../codebooks/economic-indicators/gold.jsonl', import.meta.url))

const MOST_LISTED = 20

/**
 * Loads the codebook by which the labels were given: a file, or one that comes with this release. Rejects with ServiceError
 * input-invalid where there is none.
 */
export async function loadEvalCodebook(choice: string | undefined): Promise<LoadedCodebook> {
  const read = await readCodebookChoice(choice ?? DEFAULT_CODEBOOK)
  if (read.kind === 'file') return await loadCodebook(read.path)
  const [name = '', wanted] = read.reference.split('@')
  const loaded = await loadBuiltIn(name)
  if (loaded !== undefined && [undefined, loaded.codebook.version, loaded.hash].includes(wanted)) return loaded
  const there = loaded === undefined ? BUILT_IN_NAMES.join(', ') : `${name}@${loaded.codebook.version}`
  const advice = 'for a codebook of your own give its file'
  throw new ServiceError(
    'input-invalid',
    `--codebook: there is no "${read.reference}" here; there is ${there}; ${advice}`,
  )
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
    throw new ServiceError('input-invalid', `The gold file cannot be read: ${messageOf(error)}`, { cause: error })
  })
  if (!isUtf8(bytes)) throw new ServiceError('input-invalid', `${path} is not UTF-8: save it as UTF-8`)
  const { rows, problems, ignored } = parseGold(bytes.toString('utf8'), codebook, { needsLabels })
  if (problems.length > 0) {
    const shown = problems.slice(0, MOST_LISTED).map((problem) => `  ${problem}`)
    const rest = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []
    const kind = `is no gold file by the codebook ${codebook.name}@${codebook.version}`
    throw new ServiceError('input-invalid', [`${path} ${kind}:`, ...shown, ...rest].join('\n'))
  }
  for (const [label, count] of ignored)
    say(`Labels that are not scored, because the codebook has no such field: ${label} (${count})`)
  return rows
}
