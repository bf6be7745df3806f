/** The handler classify-api/status: the latest classification of an indicator, or the totals of a run. */
import { codebookNameOf, toResultBody } from '../../classification/result-body.ts'
import type { Schemes } from '../../classification/scheme.ts'
import type { Classification } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import type { StatusRequest, StatusResponse, WhyRequest } from '../contract.ts'
import { toRunBody } from './runs.ts'

/**
 * Reads the status from the store. Rejects with ServiceError input-not-found for an indicator or a run that the service
 * does not know, and with input-invalid for an indicator that several catalogues or codebooks have.
 */
export async function readStatus(
  { store, schemes }: { readonly store: Store; readonly schemes: Schemes },
  request: StatusRequest,
): Promise<StatusResponse> {
  const { indicator_id: id, ...scope } = request
  if (id !== undefined) {
    const found = await findResult(store, { ...scope, indicator_id: id })
    return toResultBody(found, await schemeOfResult(schemes, found))
  }
  const run = request.run_id === undefined ? undefined : await store.findRun(request.run_id)
  if (run === undefined) throw notFound(`run "${request.run_id ?? ''}" is not known`)
  return toRunBody(run)
}

/** The latest result of an indicator. Rejects with ServiceError as `readStatus` does. */
export async function findResult(
  store: Pick<Store, 'findClassifications'>,
  { indicator_id: id, catalogue, codebook }: WhyRequest,
): Promise<Classification> {
  const [found, ...others] = await store.findClassifications(id, {
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(codebook === undefined ? {} : { codebook: codebookNameOf(codebook) }),
  })
  if (found === undefined) throw notFound(`indicator "${id}" is not classified yet`)
  if (others.length > 0) throw severalResults(id, [found, ...others])
  return found
}

/** The codebook of a result, whose fields a newer version may not have; that of today for results of earlier releases. */
export async function schemeOfResult(schemes: Schemes, { codebook, codebook_hash: hash }: Classification) {
  return hash === '' ? await schemes.find(codebookNameOf(codebook)) : await schemes.findByHash(hash)
}

function severalResults(id: string, found: readonly Classification[]): ServiceError {
  const places = found.map((one) => `catalogue "${one.catalogue}" by ${codebookNameOf(one.codebook)}`)
  return new ServiceError(
    'input-invalid',
    `indicator "${id}" is in several places: ${places.join(', ')}; name the catalogue and the codebook`,
  )
}

function notFound(message: string): ServiceError {
  return new ServiceError('input-not-found', message)
}
