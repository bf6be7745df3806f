/** Which codebooks a page can show results of, and the one that it shows. */

import { DEFAULT_CODEBOOK, type PreparedScheme } from '../../classification/scheme.ts'
import { BUILT_IN_NAMES } from '../../codebooks/built-in.ts'
import type { Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'

export interface CodebookChoice {
  /** The names of all codebooks, the default one first. */
  readonly names: readonly string[]
  readonly scheme: PreparedScheme
}

/** Finds the codebook called `name`, or the default one. Rejects with ServiceError input-invalid for an unknown name. */
export async function chooseCodebook(
  { store, schemes }: { readonly store: Pick<Store, 'listCodebooks'>; readonly schemes: Codebooks },
  name: string | null,
): Promise<CodebookChoice> {
  const stored = await store.listCodebooks()
  const names = new Set([DEFAULT_CODEBOOK, ...BUILT_IN_NAMES, ...stored.map((one) => one.name)])
  const wanted = name === null || name === '' ? DEFAULT_CODEBOOK : name
  return { names: [...names], scheme: await schemes.find(wanted) }
}
