/** The registry of codebooks: the built-in ones, and those that the database holds, each kept once it was found. */
import {
  columnsOf,
  DEFAULT_CODEBOOK,
  type PreparedScheme,
  prepareScheme,
  type Schemes,
} from '../classification/scheme.ts'
import { BUILT_IN_NAMES, codeOf } from '../codebooks/built-in.ts'
import { parseCodebook, takenName } from '../codebooks/parse.ts'
import type { CodebookColumn, StoredCodebook } from '../codebooks/types.ts'
import { ServiceError } from '../errors.ts'
import { formatProblems, isHash, isMeant, type LoadedCodebook, loadedOf, schemeOf } from './codebook-files.ts'

/** The part of the store that keeps codebooks. */
export interface CodebookStore {
  saveCodebook(codebook: StoredCodebook, columns: readonly CodebookColumn[]): Promise<void>
  findCodebook(
    by: { readonly hash: string } | { readonly name: string; readonly version?: string },
  ): Promise<StoredCodebook | undefined>
  listCodebooks(): Promise<readonly Pick<StoredCodebook, 'name' | 'version' | 'hash'>[]>
}

export interface SchemeRegistry extends Schemes {
  /**
   * Checks and stores a codebook. Rejects with ServiceError input-invalid where it has a fault, which the message names with
   * its line, or where it takes the name of a built-in codebook.
   */
  save(text: string, lists: ReadonlyMap<string, string>): Promise<PreparedScheme>
  /** Stores the built-in codebooks, so that results can be traced to them; called once the schema is there. */
  saveBuiltIns(): Promise<void>
  /** The built-in codebooks and the stored ones, without their texts. */
  list(): Promise<readonly Pick<StoredCodebook, 'name' | 'version' | 'hash'>[]>
  /** The texts of the codebook with this hash. */
  textsOf(hash: string): Promise<StoredCodebook>
}

const HASH_DIGITS = 64

/** Builds the registry. Without a `store` it knows the built-in codebooks alone. */
export function createSchemes(builtIns: readonly LoadedCodebook[], store: CodebookStore | null): SchemeRegistry {
  const byHash = new Map<string, PreparedScheme>()
  const builtInByName = new Map<string, PreparedScheme>()
  for (const loaded of builtIns) {
    const scheme = schemeOf(loaded)
    byHash.set(loaded.hash, scheme)
    builtInByName.set(loaded.codebook.name, scheme)
  }

  function keep(stored: StoredCodebook): PreparedScheme {
    const known = byHash.get(stored.hash)
    if (known !== undefined) return known
    const parsed = parseCodebook(stored.text, new Map(Object.entries(stored.lists)))
    if (!parsed.ok) {
      // The codebook was checked before it was stored, so only another release of the format refuses it.
      const message = `The stored codebook ${stored.name}@${stored.version} does not fit this release`
      const [first = '', ...rest] = formatProblems(stored.name, parsed.problems)
      throw new ServiceError('input-invalid', [`${message}: ${first}`, ...rest])
    }
    const scheme = prepareScheme({ codebook: parsed.codebook, hash: stored.hash, code: codeOf(stored.name) })
    byHash.set(stored.hash, scheme)
    return scheme
  }

  /** A version may look like the first digits of a hash, so that it is looked for first. */
  async function findStored(name: string, wanted: string | undefined): Promise<StoredCodebook | undefined> {
    if (store === null) return undefined
    if (wanted === undefined) return await store.findCodebook({ name })
    if (wanted.length === HASH_DIGITS && isHash(wanted)) return await store.findCodebook({ hash: wanted })
    const byVersion = await store.findCodebook({ name, version: wanted })
    if (byVersion !== undefined || !isHash(wanted)) return byVersion
    const [found, ...others] = (await store.listCodebooks()).filter((one) => {
      return one.name === name && one.hash.startsWith(wanted)
    })
    if (found === undefined) return undefined
    if (others.length === 0) return await store.findCodebook({ hash: found.hash })
    const all = [found, ...others].map(({ version, hash }) => `${name}@${hash} (version ${version})`).join(', ')
    const message = `codebook: ${others.length + 1} codebooks begin with "${name}@${wanted}": ${all}; give more digits`
    throw new ServiceError('input-invalid', message)
  }

  async function list() {
    const stored = (await store?.listCodebooks()) ?? []
    const own = builtIns.map(({ codebook, hash }) => ({ name: codebook.name, version: codebook.version, hash }))
    return [...own, ...stored.filter(({ hash }) => !own.some((one) => one.hash === hash))]
  }

  async function save(loaded: LoadedCodebook): Promise<PreparedScheme> {
    const scheme = schemeOf(loaded)
    const { codebook, text, lists, hash } = loaded
    const { name, version } = codebook
    await store?.saveCodebook({ name, version, hash, text, lists: Object.fromEntries(lists) }, columnsOf(scheme))
    byHash.set(hash, scheme)
    return scheme
  }

  return {
    async find(reference = DEFAULT_CODEBOOK) {
      const at = reference.indexOf('@')
      const name = at < 0 ? reference : reference.slice(0, at)
      const wanted = at < 0 ? undefined : reference.slice(at + 1)
      const builtIn = builtInByName.get(name)
      if (builtIn !== undefined && isMeant(wanted, { version: builtIn.codebook.version, hash: builtIn.hash })) {
        return builtIn
      }
      const stored = await findStored(name, wanted)
      if (stored?.name === name) return keep(stored)
      const known = (await list()).map((one) => `${one.name}@${one.version}`)
      const there = [...new Set(known)].slice(0, 10).join(', ')
      const advice = 'store it with classify-api/codebook, or classify with --codebook FILE'
      throw new ServiceError(
        'input-invalid',
        `codebook: there is no "${reference}" here; there are ${there}; ${advice}`,
      )
    },

    async findByHash(hash) {
      const known = byHash.get(hash)
      if (known !== undefined) return known
      const stored = await store?.findCodebook({ hash })
      if (stored === undefined)
        throw new ServiceError('input-not-found', `the codebook with the hash ${hash} is not stored`)
      return keep(stored)
    },

    cached: (hash) => byHash.get(hash),

    async save(text, lists) {
      const parsed = parseCodebook(text, lists)
      if (!parsed.ok) throw new ServiceError('input-invalid', formatProblems('text', parsed.problems))
      const loaded = loadedOf(parsed, text, lists)
      const { name } = parsed.codebook
      if (BUILT_IN_NAMES.some((one) => one === name) && !byHash.has(loaded.hash)) {
        throw new ServiceError('input-invalid', `name: ${takenName(name)}`)
      }
      return await save(loaded)
    },

    async saveBuiltIns() {
      for (const loaded of builtIns) await save(loaded)
    },

    list,

    async textsOf(hash) {
      const builtIn = builtIns.find((one) => one.hash === hash)
      if (builtIn !== undefined) {
        const { codebook, text, lists } = builtIn
        return { name: codebook.name, version: codebook.version, hash, text, lists: Object.fromEntries(lists) }
      }
      const stored = await store?.findCodebook({ hash })
      if (stored === undefined)
        throw new ServiceError('input-not-found', `the codebook with the hash ${hash} is not stored`)
      return stored
    },
  }
}
