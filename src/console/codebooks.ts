/** The codebooks of the console: read when a page first needs one, because a page of runs needs none. */
import { loadBuiltIns } from '../catalogue/codebook-files.ts'
import { type CodebookStore, createSchemes, type SchemeRegistry } from '../catalogue/schemes.ts'

export type Codebooks = Pick<SchemeRegistry, 'find' | 'findByHash'>

export function createCodebooks(store: CodebookStore): Codebooks {
  let registry: Promise<SchemeRegistry> | undefined
  const loaded = () => (registry ??= loadBuiltIns().then((builtIns) => createSchemes(builtIns, store)))
  return {
    find: async (reference) => await (await loaded()).find(reference),
    findByHash: async (hash) => await (await loaded()).findByHash(hash),
  }
}
