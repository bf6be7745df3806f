/** Reads codebook files and their code lists from disk: those of a user, and those that come with the service. */
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type PreparedScheme, prepareScheme } from '../classification/scheme.ts'
import { BUILT_IN_NAMES, codeOf } from '../codebooks/built-in.ts'
import type { Codebook } from '../codebooks/codebook.ts'
import { contentOf } from '../codebooks/content.ts'
import type { CodebookFile } from '../codebooks/format.ts'
import { type CodebookProblem, type CodebookText, readCodebookText, type UnreadList } from '../codebooks/parse.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { sha256 } from '../lib/sha256.ts'
import { readUtf8 } from './utf8-file.ts'

/** A codebook with the texts that it was read from. */
export interface LoadedCodebook {
  readonly codebook: Codebook
  /** The checked file, defaults filled in. */
  readonly file: CodebookFile
  readonly text: string
  /** The texts of its code lists, by file name. */
  readonly lists: ReadonlyMap<string, string>
  /** SHA-256 of what the codebook says, in hexadecimal: two codebooks with the same hash say the same. */
  readonly hash: string
}

export type ReadCodebook =
  | { readonly ok: true; readonly loaded: LoadedCodebook }
  | { readonly ok: false; readonly problems: readonly CodebookProblem[] }

const BUILT_IN = new URL('../codebooks/', import.meta.url)
/** The path of a built-in codebook's file; undefined for a name that no built-in codebook has. */
export function builtInFile(name: string): string | undefined {
  const known = BUILT_IN_NAMES.find((one) => one === name)
  return known === undefined ? undefined : fileURLToPath(new URL(`${known}/codebook.yaml`, BUILT_IN))
}

/**
 * Reads and checks the codebook at `path`; its code lists lie in its folder or beneath. Rejects with input-invalid, whose
 * message names the file, the line and the key of every fault.
 */
export async function loadCodebook(path: string): Promise<LoadedCodebook> {
  const read = await readCodebook(path)
  if (!read.ok) throw new ServiceError('input-invalid', formatProblems(path, read.problems))
  return read.loaded
}

/** Reads and checks the codebook at `path`, and returns its faults as data. Rejects with input-invalid for no file. */
export async function readCodebook(path: string): Promise<ReadCodebook> {
  const read = await readUtf8(path).catch((error: unknown) => {
    const message = `The codebook ${path} cannot be read: ${messageOf(error)}`
    throw new ServiceError('input-invalid', message, { cause: error })
  })
  if (!('text' in read)) return { ok: false, problems: [{ file: null, key: '', ...read }] }
  const { text } = read
  const lists = new Map<string, string>()
  const unread = new Map<string, UnreadList>()
  const written = readCodebookText(text)
  for (const name of written.files) {
    const list = await readList(path, name)
    if ('text' in list) lists.set(name, list.text)
    else unread.set(name, list)
  }
  const isBuiltIn = BUILT_IN_NAMES.some((name) => builtInFile(name) === resolve(path))
  const takenNames = isBuiltIn ? [] : BUILT_IN_NAMES
  const parsed = written.parse(lists, { unread, takenNames })
  if (parsed.ok) return { ok: true, loaded: loadedOf(parsed, text, lists) }
  return (await readCopy(written, text, lists)) ?? { ok: false, problems: parsed.problems }
}

/** Reads a copy of a built-in codebook, which may keep its name; undefined for any other text. */
async function readCopy(
  written: CodebookText,
  text: string,
  lists: ReadonlyMap<string, string>,
): Promise<ReadCodebook | undefined> {
  const parsed = written.parse(lists)
  const original = parsed.ok ? builtInFile(parsed.codebook.name) : undefined
  if (!parsed.ok || original === undefined) return undefined
  const loaded = loadedOf(parsed, text, lists)
  return (await loadCodebook(original)).hash === loaded.hash ? { ok: true, loaded } : undefined
}

/** The text of a code list, or why it is not read: a code list lies in the folder of the codebook or beneath it. */
async function readList(path: string, name: string): Promise<{ readonly text: string } | UnreadList> {
  const folder = resolve(dirname(path))
  const file = resolve(folder, name)
  const found = await stat(file).catch(() => undefined)
  if (!file.startsWith(join(folder, '/'))) {
    const place = `it must lie in the folder of the codebook, ${folder}, or beneath it`
    return {
      message: `the code list ${name} ${found?.isFile() === true ? 'lies elsewhere' : 'is not there'}: ${place}`,
    }
  }
  if (found === undefined) return { message: `the code list ${name} is not there: there is no file ${file}` }
  if (!found.isFile()) return { message: `the code list ${name} is no file: ${file} is a directory or the like` }
  return await readUtf8(file).catch((error: unknown) => {
    return { message: `the code list ${name} cannot be read: ${messageOf(error)}` }
  })
}

/** Reads the codebooks that come with the service. */
export async function loadBuiltIns(): Promise<readonly LoadedCodebook[]> {
  return await Promise.all(BUILT_IN_NAMES.map((name) => loadCodebook(builtInFile(name) ?? name)))
}

/** Makes a codebook that was read ready for use. */
export function schemeOf({ codebook, hash }: LoadedCodebook): PreparedScheme {
  return prepareScheme({ codebook, hash, code: codeOf(codebook.name) })
}

/** A codebook that was parsed, with its texts and its hash. */
export function loadedOf({ codebook, file }: Parsed, text: string, lists: ReadonlyMap<string, string>): LoadedCodebook {
  return { codebook, file, text, lists, hash: hashOf({ codebook, file }) }
}

type Parsed = Pick<LoadedCodebook, 'codebook' | 'file'>

/** SHA-256 of what a codebook says, in hexadecimal. Its formatting and its comments do not count. */
export function hashOf({ codebook, file }: Parsed): string {
  return sha256(contentOf(file, codebook))
}

/** The fewest digits that stand for a whole hash; commands print as many. */
export const SHORT_HASH = 12

/**
 * Whether `wanted`, the part of a reference behind the @, means this codebook: its version, its hash or the first digits of
 * its hash. A reference without that part means any version.
 */
export function isMeant(
  wanted: string | undefined,
  { version, hash }: { readonly version: string; readonly hash: string },
): boolean {
  return wanted === undefined || wanted === version || (isHash(wanted) && hash.startsWith(wanted))
}

/** Whether `text` can be a hash or its first digits. */
export function isHash(text: string): boolean {
  return text.length >= SHORT_HASH && /^[0-9a-f]{1,64}$/.test(text)
}

/** Writes each fault as one line, such as "my.yaml:18: fields[0].values[1].value: the value sport stands twice". */
export function formatProblems(path: string, problems: readonly CodebookProblem[]): string[] {
  const lines = problems.map((problem) => {
    const { line, key, message } = problem
    return `  ${pathOfFault(path, problem)}:${line}: ${key === '' ? '' : `${key}: `}${message}`
  })
  const count = problems.length === 1 ? '1 fault' : `${problems.length} faults`
  return [`The codebook ${path} has ${count}:`, ...lines]
}

/** The path of the file that is at fault: the codebook at `path`, or one of its code lists. */
export function pathOfFault(path: string, { file }: Pick<CodebookProblem, 'file'>): string {
  return file === null ? path : join(dirname(path), file)
}
