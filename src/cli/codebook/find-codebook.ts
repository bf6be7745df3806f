/** Finds the codebook that a command was given: a file, one that comes with the service, or one that a running service keeps. */
import { z } from 'zod'
import {
  formatProblems,
  isMeant,
  type LoadedCodebook,
  type ReadCodebook,
  readCodebook,
} from '../../catalogue/codebook-files.ts'
import { BUILT_IN_NAMES } from '../../codebooks/built-in.ts'
import { ServiceError } from '../../errors.ts'
import { createServiceClient, type Question } from '../client/service.ts'
import { isPathOfFile, loadBuiltIn, loadStored, storedSchema } from './codebook-option.ts'

/** The name, version and hash of a codebook that a service keeps. */
const listSchema = z.object({
  codebooks: z.array(z.object({ name: z.string(), version: z.string(), hash: z.string() })),
})

const PATIENCE_MS = 10_000

/** The codebook called `text`. With `ingress` the service there is asked for names that are not built in. */
export async function findCodebook(text: string, ingress: readonly string[] | undefined): Promise<LoadedCodebook> {
  const read = await readNamed(text, ingress)
  if (read.ok) return read.loaded
  throw new ServiceError('input-invalid', formatProblems(text, read.problems))
}

/** The codebook called `text`, with its faults as data. Rejects with input-invalid where there is none of that name. */
export async function readNamed(text: string, ingress: readonly string[] | undefined): Promise<ReadCodebook> {
  if (await isPathOfFile(text)) return await readCodebook(text)
  const [name = '', wanted] = text.split('@')
  const loaded = await loadBuiltIn(name)
  if (loaded !== undefined && isMeant(wanted, { version: loaded.codebook.version, hash: loaded.hash })) {
    return { ok: true, loaded }
  }
  if (ingress !== undefined) {
    return { ok: true, loaded: loadStored(await ask(ingress, { body: { name: text }, schema: storedSchema })) }
  }
  const known = BUILT_IN_NAMES.join(', ')
  const advice = '--ingress URL asks a running service for those that it keeps, and a file needs its path'
  throw new ServiceError('input-invalid', `There is no codebook "${text}"; built in: ${known}; ${advice}`)
}

/** The codebooks of the service at these URLs. */
export async function listStored(ingress: readonly string[]): Promise<z.infer<typeof listSchema>['codebooks']> {
  return (await ask(ingress, { body: {}, schema: listSchema })).codebooks
}

async function ask<T>(urls: readonly string[], question: Pick<Question<T>, 'body' | 'schema'>): Promise<T> {
  const signal = AbortSignal.timeout(PATIENCE_MS + 1_000)
  const found = await createServiceClient({ urls, patienceMs: PATIENCE_MS }).ask({
    handler: 'codebook',
    signal,
    ...question,
  })
  if (found !== undefined) return found
  throw new ServiceError(
    'input-invalid',
    `The service at ${urls.join(', ')} is of an earlier release without codebooks`,
  )
}
