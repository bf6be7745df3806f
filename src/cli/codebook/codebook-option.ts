/** The option --codebook: tells files from names of codebooks, and resolves both to a codebook that is ready for use. */
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import {
  builtInFile,
  formatProblems,
  type LoadedCodebook,
  loadBuiltIns,
  loadCodebook,
  loadedOf,
  schemeOf,
} from '../../catalogue/codebook-files.ts'
import { type CodebookStore, createSchemes } from '../../catalogue/schemes.ts'
import { codebookReference } from '../../classification/batch-request.ts'
import { DEFAULT_CODEBOOK, type PreparedScheme } from '../../classification/scheme.ts'
import { parseCodebook } from '../../codebooks/parse.ts'
import type { StoredCodebook } from '../../codebooks/types.ts'
import { ServiceError } from '../../errors.ts'

/** What a user may give with --codebook: the path of a file, or the name of a codebook, perhaps with a version or a hash. */
export type CodebookChoice =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'name'; readonly reference: string }

/** The codebook that a service keeps, as its handler codebook sends it. */
export const storedSchema = z.object({
  ...{ name: z.string(), version: z.string(), hash: z.string(), text: z.string() },
  lists: z.record(z.string(), z.string()),
})

export const CODEBOOK_FLAGS = '--codebook <codebook>'

/**
 * Tells what `text` means: a file where it ends in .yaml or .yml, holds a slash or names a file that exists, else a name.
 * Rejects with ServiceError input-invalid for a text that can be neither.
 */
export async function readCodebookChoice(text: string): Promise<CodebookChoice> {
  if (await isPathOfFile(text)) return { kind: 'file', path: text }
  if (codebookReference.safeParse(text).success) return { kind: 'name', reference: text }
  const forms = 'give a YAML file, or a name such as economic-indicators or economic-indicators@2'
  throw new ServiceError('input-invalid', `--codebook: there is no file "${text}", and it is no name: ${forms}`)
}

/** Whether `text` means a file: it ends in .yaml or .yml, holds a slash or names a file that exists. */
export async function isPathOfFile(text: string): Promise<boolean> {
  return /\.ya?ml$|[/\\]/i.test(text) || (await isFile(text))
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

/** Loads a built-in codebook; without a name the one of requests that name none. */
export async function loadBuiltIn(name: string = DEFAULT_CODEBOOK): Promise<LoadedCodebook | undefined> {
  const file = builtInFile(name)
  return file === undefined ? undefined : await loadCodebook(file)
}

/** The codebook of requests that name none, as this release ships it. */
export async function defaultScheme(): Promise<PreparedScheme> {
  const loaded = await loadBuiltIn()
  if (loaded === undefined) throw new Error(`the codebook ${DEFAULT_CODEBOOK} is not built in`)
  return schemeOf(loaded)
}

/**
 * Finds the codebook that a user named, for commands that read the database: a file as it stands on disk, a name among the
 * built-in codebooks and those that the database keeps, and without a choice the default one.
 */
export async function findScheme(choice: string | undefined, store: CodebookStore): Promise<PreparedScheme> {
  const read = choice === undefined ? undefined : await readCodebookChoice(choice)
  if (read?.kind === 'file') return schemeOf(await loadCodebook(read.path))
  return await createSchemes(await loadBuiltIns(), store).find(read?.reference)
}

/** Reads the texts of a codebook that the service sent. Rejects with input-invalid where they do not fit this release. */
export function loadStored({ name, version, hash, text, lists }: StoredCodebook): LoadedCodebook {
  const texts = new Map(Object.entries(lists))
  const parsed = parseCodebook(text, texts)
  if (parsed.ok) return { ...loadedOf(parsed, text, texts), hash }
  const message = `The codebook ${name}@${version} of the service does not fit this release`
  const [first = '', ...rest] = formatProblems(name, parsed.problems)
  throw new ServiceError('input-invalid', [`${message}: ${first}`, ...rest])
}
