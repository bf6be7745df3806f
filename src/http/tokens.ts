/** The tokens of a file: who holds each, and which rights it gives. */
import { ServiceError } from '../errors.ts'

export const RIGHTS = ['submit', 'read', 'review', 'operate'] as const

export type Right = (typeof RIGHTS)[number]

export interface Caller {
  readonly name: string
  readonly rights: ReadonlySet<Right>
}

/** Callers by the SHA-256 of their token, in hexadecimal digits. */
export type Tokens = ReadonlyMap<string, Caller>

const LINE = /^([A-Za-z0-9][A-Za-z0-9._@-]{0,63}):([0-9a-fA-F]{64}):([a-z]+(?:[+,][a-z]+)*)$/
export const TOKEN_FORM = `name:sha256(token):rights, with 64 hexadecimal digits and rights of ${RIGHTS.join(', ')} joined by +`

/** Reads a file of tokens, which may name nobody. Throws `ServiceError` config-invalid that names the line, and never shows what stands in it. */
export function parseTokens(text: string, file: string): Tokens {
  const tokens = new Map<string, Caller>()
  const names = new Set<string>()
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const refuse = (why: string) => new ServiceError('config-invalid', `${file}, line ${index + 1}: ${why}`)
    const [, name, hash, list] = LINE.exec(line) ?? []
    if (name === undefined || hash === undefined || list === undefined) throw refuse(`must be ${TOKEN_FORM}`)
    const words = list.split(/[+,]/)
    const rights = RIGHTS.filter((right) => words.includes(right))
    if (rights.length < new Set(words).size) throw refuse(`rights must be of ${RIGHTS.join(', ')}`)
    if (names.has(name)) throw refuse(`the name ${name} stands in an earlier line`)
    if (tokens.has(hash.toLowerCase())) throw refuse('the same token stands in an earlier line')
    names.add(name)
    tokens.set(hash.toLowerCase(), { name, rights: new Set(rights) })
  }
  return tokens
}
