/** Settles the codebook of a run: stores that of a file in the service, finds a named one there, and keeps that of a resumed run. */
import { z } from 'zod'
import { isMeant, type LoadedCodebook, loadCodebook, schemeOf } from '../../catalogue/codebook-files.ts'
import { type PreparedScheme, referenceOf } from '../../classification/scheme.ts'
import { ServiceError } from '../../errors.ts'
import type { ServiceClient } from '../client/service.ts'
import {
  defaultScheme,
  loadBuiltIn,
  loadStored,
  readCodebookChoice,
  storedSchema,
} from '../codebook/codebook-option.ts'
import { say } from '../ui/terminal.ts'
import type { RunHeader } from './run-journal.ts'

/** What --codebook gave: a file that was read and checked, or a reference that only the service can resolve. */
export type GivenCodebook = { readonly loaded: LoadedCodebook } | { readonly reference: string }

export interface RunCodebook {
  readonly scheme: PreparedScheme
  /**
   * The reference `name@hash` that every batch of the run names, so that all of them have the same codebook. It is undefined
   * where the user chose none: the service then takes the default codebook of its release.
   */
  readonly reference: string | undefined
}

const savedSchema = z.object({
  name: z.string(),
  version: z.string(),
  hash: z.string(),
  warning: z.string().optional(),
})

export interface CodebookQuestion {
  /** Undefined where the user gave no codebook. */
  readonly given: GivenCodebook | undefined
  /** The header of the run that is resumed; null for a new run. */
  readonly earlier: RunHeader | null
  readonly signal: AbortSignal
}

/** Reads the value of --codebook. Rejects with ServiceError input-invalid, which names every fault of a file. */
export async function readGivenCodebook(text: string | undefined): Promise<GivenCodebook | undefined> {
  if (text === undefined) return undefined
  const choice = await readCodebookChoice(text)
  return choice.kind === 'file' ? { loaded: await loadCodebook(choice.path) } : { reference: choice.reference }
}

/**
 * Settles the codebook with the help of the service. Rejects with ServiceError input-invalid where the service refuses or
 * does not know the codebook, or where a resumed run began with another one.
 */
export async function settleCodebook(service: ServiceClient, question: CodebookQuestion): Promise<RunCodebook> {
  const { given, earlier, signal } = question
  if (earlier === null) return await settle(service, given, signal)
  const begun = earlier.codebook === undefined ? undefined : { reference: earlier.codebook }
  const settled = await settle(service, begun, signal)
  if (given !== undefined) {
    const now = 'loaded' in given ? given.loaded : await readStoredCodebook(service, given.reference, signal)
    if (now.hash !== settled.scheme.hash)
      throw otherCodebook(earlier, settled.scheme, referenceOf({ ...now, code: null }))
  }
  return settled
}

/**
 * Finds the codebook without a service, for an estimate on this machine; undefined where only the service knows it. A resumed
 * run has the codebook that its header names.
 */
export async function findLocalScheme({
  given,
  earlier,
}: Omit<CodebookQuestion, 'signal'>): Promise<PreparedScheme | undefined> {
  if (given !== undefined && 'loaded' in given) return schemeOf(given.loaded)
  const reference = earlier === null ? given?.reference : earlier.codebook
  if (reference === undefined) return await defaultScheme()
  const [name = '', wanted] = reference.split('@')
  const loaded = await loadBuiltIn(name)
  if (loaded === undefined) return undefined
  return isMeant(wanted, { version: loaded.codebook.version, hash: loaded.hash }) ? schemeOf(loaded) : undefined
}

async function settle(
  service: ServiceClient,
  given: GivenCodebook | undefined,
  signal: AbortSignal,
): Promise<RunCodebook> {
  if (given === undefined) return { scheme: await defaultScheme(), reference: undefined }
  const loaded = 'loaded' in given ? given.loaded : await readStoredCodebook(service, given.reference, signal)
  if ('loaded' in given) await store(service, loaded, signal)
  return { scheme: schemeOf(loaded), reference: `${loaded.codebook.name}@${loaded.hash}` }
}

/** Stores a codebook in the service, which keeps it once for each content, and says what the service warns of. */
async function store(service: ServiceClient, { text, lists }: LoadedCodebook, signal: AbortSignal): Promise<void> {
  const body = { text, lists: Object.fromEntries(lists) }
  const stored = await service.ask({ handler: 'codebook', body, schema: savedSchema, signal })
  if (stored === undefined) throw earlierRelease()
  if (stored.warning !== undefined) say(`Warning: ${stored.warning}`)
}

/** Reads the texts of a codebook that the service knows. */
export async function readStoredCodebook(
  service: ServiceClient,
  reference: string,
  signal: AbortSignal,
): Promise<LoadedCodebook> {
  const body = { name: reference }
  const found = await service.ask({ handler: 'codebook', body, schema: storedSchema, signal })
  if (found === undefined) throw earlierRelease()
  return loadStored(found)
}

function earlierRelease(): ServiceError {
  const reason = 'the running service is of an earlier release, which knows no codebooks'
  return new ServiceError('input-invalid', `--codebook: ${reason}: restart it with this release`)
}

function otherCodebook({ run_id }: RunHeader, scheme: PreparedScheme, given: string): ServiceError {
  const begun = referenceOf(scheme)
  const change = given === begun ? 'its content has changed since' : `--codebook names ${given}`
  const advice = 'resume without --codebook, or classify as a new run'
  return new ServiceError(
    'input-invalid',
    `The run ${run_id} began with the codebook ${begun}, and ${change}: ${advice}`,
  )
}
