/** Reads codebook files and their code lists from disk: those of a user, and those that come with the service. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type PreparedScheme, prepareScheme } from '../classification/scheme.ts'
import { BUILT_IN_NAMES, codeOf } from '../codebooks/built-in.ts'
import type { Codebook } from '../codebooks/codebook.ts'
import { type CodebookProblem, codeListFiles, parseCodebook } from '../codebooks/parse.ts'
import { messageOf, ServiceError } from '../errors.ts'

/** A codebook with the texts that it was read from. */
export interface LoadedCodebook {
  readonly codebook: Codebook
  readonly text: string
  /** The texts of its code lists, by file name. */
  readonly lists: ReadonlyMap<string, string>
  /** SHA-256 of all texts, hex: two codebooks with the same hash say the same. */
  readonly hash: string
}

const BUILT_IN = new URL('../codebooks/', import.meta.url)
/** The path of a built-in codebook's file; undefined for a name that no built-in codebook has. */
export function builtInFile(name: string): string | undefined {
  const known = BUILT_IN_NAMES.find((one) => one === name)
  return known === undefined ? undefined : fileURLToPath(new URL(`${known}/codebook.yaml`, BUILT_IN))
}

/**
 * Reads and checks the codebook at `path`; its code lists stand beside it. Rejects with input-invalid, whose message
 * names the file, the line and the key of every fault.
 */
export async function loadCodebook(path: string): Promise<LoadedCodebook> {
  const text = await readText(path)
  const lists = new Map<string, string>()
  for (const name of codeListFiles(text)) {
    const list = await readList(path, name)
    if (list !== undefined) lists.set(name, list)
  }
  const parsed = parseCodebook(text, lists)
  if (!parsed.ok) throw new ServiceError('input-invalid', formatProblems(path, parsed.problems))
  return { codebook: parsed.codebook, text, lists, hash: hashOf(text, lists) }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ServiceError('input-invalid', `The codebook ${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** The text of a code list; undefined where the file is missing or lies outside the folder of the codebook. */
async function readList(path: string, name: string): Promise<string | undefined> {
  const folder = resolve(dirname(path))
  const file = resolve(folder, name)
  if (!file.startsWith(join(folder, '/'))) return undefined
  return await readFile(file, 'utf8').catch(() => undefined)
}

/** Reads the codebooks that come with the service. */
export async function loadBuiltIns(): Promise<readonly LoadedCodebook[]> {
  return await Promise.all(BUILT_IN_NAMES.map((name) => loadCodebook(builtInFile(name) ?? name)))
}

/** Makes a codebook that was read ready for use. */
export function schemeOf({ codebook, hash }: LoadedCodebook): PreparedScheme {
  return prepareScheme({ codebook, hash, code: codeOf(codebook.name) })
}

/** SHA-256 of the texts of a codebook, in hexadecimal. */
export function hashOf(text: string, lists: ReadonlyMap<string, string>): string {
  const parts = [text, ...[...lists].sort(([a], [b]) => (a < b ? -1 : 1)).flat()]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** Writes each fault as one line, such as "my.yaml:18: fields[0].values[1].value: the value sport stands twice". */
export function formatProblems(path: string, problems: readonly CodebookProblem[]): string {
  const lines = problems.map(({ file, line, key, message }) => {
    const place = file === null ? path : join(dirname(path), file)
    return `  ${place}:${line}: ${key === '' ? '' : `${key}: `}${message}`
  })
  const count = problems.length === 1 ? '1 fault' : `${problems.length} faults`
  return `The codebook ${path} has ${count}:\n${lines.join('\n')}`
}
