/** Asks the console for cards and codes. */
import type { Frame } from '../page/frame.ts'
import { post } from './post.ts'
import type { Candidate, Card, GroupRecord, ReviewData, Sitting } from './review-types.ts'

export interface MoreCards {
  readonly cards: readonly Card[]
  readonly left: ReviewData['left']
}

export interface Cards {
  /** The cards that the page holds now, or "away" where nobody answers. */
  more(sitting: Sitting): Promise<MoreCards | 'away'>
  /** All cards of the group, or the sentence that says why they cannot be had. */
  group(): Promise<readonly GroupRecord[] | string>
  codes(field: string, text: string): Promise<readonly Candidate[]>
  release(sitting: Sitting, hashes: readonly string[]): Promise<void>
}

const HELD = 2
const TIMEOUT_MS = 30_000

/** Which cards are asked for. */
export type CardScope = Pick<ReviewData, 'codebook' | 'catalogue'> &
  Partial<Pick<ReviewData, 'unverified' | 'why' | 'rule' | 'record'>>

export function createCards(
  frame: Frame,
  { codebook, catalogue, unverified = false, why = '', rule = '', record = '' }: CardScope,
): Cards {
  const scope = { codebook, catalogue, unverified }
  const group = { ...(why === '' ? {} : { why }), ...(rule === '' ? {} : { rule }) }
  const send = (path: string, body: object) => post(frame, path, { ...scope, ...body }, { timeoutMs: TIMEOUT_MS })
  // Who asks for the card of one record wants it, whatever was done with it before on another page of the sitting.
  let before: ReadonlySet<string> | undefined
  return {
    more: async ({ holder, without: all, later: aside }) => {
      before ??= new Set(record === '' ? [] : [...all, ...aside])
      const isNew = (hash: string) => before?.has(hash) !== true
      try {
        const [without, later] = [all.filter(isNew), aside.filter(isNew)]
        const body = { ...group, record, holder, without, later, most: HELD }
        const response = await send('/review/cards', body)
        return response.ok ? ((await response.json()) as MoreCards) : 'away'
      } catch {
        return 'away'
      }
    },
    group: async () => {
      try {
        const response = await send('/review/group', group)
        const { records, message } = (await response.json()) as {
          readonly records?: readonly GroupRecord[]
          readonly message?: string
        }
        return records ?? message ?? 'The group could not be read.'
      } catch {
        return 'The service does not answer.'
      }
    },
    codes: async (field, text) => {
      const query = new URLSearchParams({ codebook, field, q: text })
      const response = await fetch(`${frame.base}/review/codes?${query}`).catch(() => undefined)
      if (response?.ok !== true) return []
      const { codes } = (await response.json()) as { readonly codes: readonly Candidate[] }
      return codes
    },
    release: async ({ holder }, hashes) => {
      await send('/review/release', { holder, hashes }).catch(() => undefined)
    },
  }
}
