/** A codebook made ready for use: with its code and the search of its code lists, and the port that finds one by its name or hash. */
import type { CodebookColumn } from '../codebooks/types.ts'
import { createShortlister, type Shortlister } from './shortlist.ts'
import type { Scheme } from './types.ts'

/** The codebook of requests that name none. */
export const DEFAULT_CODEBOOK = 'economic-indicators'

/** A scheme with the search of its code lists. */
export interface PreparedScheme extends Scheme {
  /** A shortlister for each code field, by the name of the field. */
  readonly shortlisters: ReadonlyMap<string, Shortlister>
}

/** Adds the search of its code lists to a scheme. */
export function prepareScheme(scheme: Scheme): PreparedScheme {
  const shortlisters = scheme.codebook.fields.flatMap(({ name, type }) => {
    return type.kind === 'codes' ? [[name, createShortlister(type.list, type.onlyLeaves)] as const] : []
  })
  return { ...scheme, shortlisters: new Map(shortlisters) }
}

/** The reference by which results name a codebook, such as "economic-indicators@2". */
export function referenceOf({ codebook }: Scheme): string {
  return `${codebook.name}@${codebook.version}`
}

/** The columns of the database view of a codebook, one for each field. */
export function columnsOf({ codebook }: Scheme): CodebookColumn[] {
  return codebook.fields.map(({ name, type, multi }) => {
    if (multi !== null) return { name, type: 'text[]' }
    const isNumber =
      type.kind === 'number' || (type.kind === 'values' && type.values.every(({ value }) => typeof value === 'number'))
    return { name, type: isNumber ? 'double precision' : 'text' }
  })
}

/** Finds the codebooks that the service has. What was found once is kept, because the content of a hash never changes. */
export interface Schemes {
  /**
   * The codebook of a reference: a name, `name@version`, or `name@hash`; without one the default codebook. Rejects with
   * ServiceError input-invalid for a codebook that the service does not have.
   */
  find(reference: string | undefined): Promise<PreparedScheme>
  /** The codebook with this hash. Rejects with ServiceError input-not-found where it is not stored. */
  findByHash(hash: string): Promise<PreparedScheme>
  /** The codebook with this hash where it was found before, else undefined. */
  cached(hash: string): PreparedScheme | undefined
}
