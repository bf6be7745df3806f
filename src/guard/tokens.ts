/** Finds whose token a request brings. */
import type { Caller, Tokens } from '../http/tokens.ts'
import { sha256 } from '../lib/sha256.ts'
import { type Refusal, refusal } from './refusals.ts'

const BEARER = /^Bearer +([\x21-\x7e]{1,1000})$/i

/** The caller whose token stands in an `Authorization` header, or the refusal. The comparison is by hash, so its time tells nothing. */
export function findCaller(authorization: string | undefined, tokens: Tokens): Caller | Refusal {
  const token = BEARER.exec(authorization ?? '')?.[1]
  const headers = { 'www-authenticate': 'Bearer' }
  if (token === undefined) {
    return refusal('token-missing', 'Every call needs a token: send Authorization: Bearer TOKEN', headers)
  }
  return tokens.get(sha256(token)) ?? refusal('token-unknown', 'The token is not known here', headers)
}
