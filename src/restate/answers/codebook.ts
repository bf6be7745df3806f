/** The handler classify-api/codebook: stores a codebook, reads one, or lists those that the service has. */
import type { PreparedScheme, Schemes } from '../../classification/scheme.ts'
import type { StoredCodebook } from '../../classification/types.ts'
import type { CodebookIdentity, CodebookRequest, CodebookResponse } from '../contract.ts'

/** The registry of codebooks as the services need it. */
export interface CodebookRegistry extends Schemes {
  /** Checks and stores a codebook. Rejects with ServiceError input-invalid that names every fault with its line. */
  save(text: string, lists: ReadonlyMap<string, string>): Promise<PreparedScheme>
  list(): Promise<readonly CodebookIdentity[]>
  /** The texts of the codebook with this hash. */
  textsOf(hash: string): Promise<StoredCodebook>
}

/** Answers a request. Rejects with ServiceError input-invalid for a faulty codebook or for one that is not there. */
export async function answerCodebook(schemes: CodebookRegistry, request: CodebookRequest): Promise<CodebookResponse> {
  const { text, lists = {}, name } = request
  if (text !== undefined) {
    const { codebook, hash } = await schemes.save(text, new Map(Object.entries(lists)))
    const { name: saved, version } = codebook
    const isOneOfSeveral = (await schemes.list()).some((one) => {
      return one.name === saved && one.version === version && one.hash !== hash
    })
    const warning = `${saved}@${version} is stored with another content as well; raise the version`
    return { name: saved, version, hash, ...(isOneOfSeveral ? { warning } : {}) }
  }
  if (name === undefined) return { codebooks: await schemes.list() }
  return await schemes.textsOf((await schemes.find(name)).hash)
}
