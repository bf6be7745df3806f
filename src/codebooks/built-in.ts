/** The codebooks that come with the service: their names, and the code of those that have some. */
import { ECONOMIC_INDICATORS } from './economic-indicators/code.ts'
import type { CodebookCode } from './types.ts'

/** The names of the built-in codebooks. No codebook of a user may take one. */
export const BUILT_IN_NAMES = ['economic-indicators', 'business-activities', 'release-topics'] as const

const CODE_BY_NAME: ReadonlyMap<string, CodebookCode> = new Map([['economic-indicators', ECONOMIC_INDICATORS]])

/** The code of a built-in codebook, whatever its version; null for a codebook that is data alone. */
export function codeOf(name: string): CodebookCode | null {
  return CODE_BY_NAME.get(name) ?? null
}
