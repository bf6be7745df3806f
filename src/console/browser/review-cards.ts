/** Asks the console for cards and codes. */
import type { Frame } from '../page/frame.ts'
import type { Candidate, Card, ReviewData, Sitting } from './review-types.ts'

export interface MoreCards {
  readonly cards: readonly Card[]
  readonly left: ReviewData['left']
}

export interface Cards {
  /** The cards that the page holds now, or "away" where nobody answers. */
  more(sitting: Sitting): Promise<MoreCards | 'away'>
  codes(field: string, text: string): Promise<readonly Candidate[]>
  release(sitting: Sitting, hashes: readonly string[]): Promise<void>
}

const HELD = 2
const TIMEOUT_MS = 30_000

/** Which cards are asked for. */
export type CardScope = Pick<ReviewData, 'codebook' | 'catalogue'> &
  Partial<Pick<ReviewData, 'unverified' | 'why' | 'rule'>>

export function createCards(
  frame: Frame,
  { codebook, catalogue, unverified = false, why = '', rule = '' }: CardScope,
): Cards {
  const scope = { codebook, catalogue, unverified }
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(frame.base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': frame.csrf },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(String(response.status))
    return await response.json()
  }
  return {
    more: async ({ holder, without, later }) => {
      const group = { ...(why === '' ? {} : { why }), ...(rule === '' ? {} : { rule }) }
      const body = { ...scope, ...group, holder, without: [...without, ...later], most: HELD }
      return await post('/review/cards', body).then(
        (found) => found as MoreCards,
        () => 'away' as const,
      )
    },
    codes: async (field, text) => {
      const query = new URLSearchParams({ codebook, field, q: text })
      const response = await fetch(`${frame.base}/review/codes?${query}`).catch(() => undefined)
      if (response?.ok !== true) return []
      const { codes } = (await response.json()) as { readonly codes: readonly Candidate[] }
      return codes
    },
    release: async ({ holder }, hashes) => {
      await post('/review/release', { ...scope, holder, hashes }).catch(() => undefined)
    },
  }
}
