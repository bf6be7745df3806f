/** Hooks that the review and blind labels share. */
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { type Choice, choicesOf, firstOf, typedFault } from './choices.ts'
import type { Cards, MoreCards } from './review-cards.ts'
import type { KeyHandlers } from './review-keys.ts'
import type { Candidate, ReviewField, Sitting } from './review-types.ts'

/** A person who types is asked for after so many milliseconds without a key. */
const PAUSE_MS = 120
const AGAIN_MS = 2_000
const NONE: readonly Candidate[] = []

export interface FieldChoices {
  readonly choices: readonly Choice[]
  /** What the keys of choices do: they give a value, or say why there is none. */
  keys(give: (value: string | null) => void, say: (sentence: string) => void): Pick<KeyHandlers, 'first' | 'choose'>
}

/** What can be chosen in the field while `search` is typed. */
export function useChoices(
  service: Cards,
  field: ReviewField | undefined,
  search: string,
  {
    likeliest = NONE,
    given,
  }: { readonly likeliest?: readonly Candidate[] | undefined; readonly given: readonly string[] },
): FieldChoices {
  const found = useFoundCodes(service, field, search)
  const choicesFor = (text: string) => (field === undefined ? [] : choicesOf(field, text, { likeliest, found, given }))
  const choices = choicesFor(search)
  return {
    choices,
    keys: (give, say) => ({
      first: (text) => {
        const first = firstOf(choicesFor(text), text)
        if (first !== undefined) give(first.value)
        else if (field !== undefined)
          say(typedFault(field, text) || `Nothing of ${field.title} was found for “${text.trim()}” yet.`)
      },
      choose: (key) => {
        const chosen = choices.find((one) => one.key === key)
        if (chosen !== undefined) give(chosen.value)
      },
    }),
  }
}

/** The codes that fit what was typed into the search of a field; none for a field without a code list. */
function useFoundCodes(service: Cards, field: ReviewField | undefined, search: string): readonly Candidate[] {
  const [found, setFound] = useState<readonly Candidate[]>(NONE)
  useEffect(() => {
    setFound(NONE)
    if (field?.kind !== 'codes' || search.trim() === '') return undefined
    let isCurrent = true
    const timer = window.setTimeout(() => {
      void service.codes(field.name, search).then((codes) => isCurrent && setFound(codes))
    }, PAUSE_MS)
    return () => {
      isCurrent = false
      window.clearTimeout(timer)
    }
  }, [field?.name, search])
  return found
}

/** Asks for more cards whenever `isWanted` becomes true or a card was decided or put aside, until somebody answers. */
export function useMoreCards(
  service: Cards,
  sitting: Sitting,
  isWanted: boolean,
  onMore: (more: MoreCards | 'away') => void,
  changes: readonly unknown[],
): void {
  useEffect(() => {
    if (!isWanted) return undefined
    let isCurrent = true
    const ask = async (): Promise<void> => {
      const more = await service.more(sitting)
      if (!isCurrent) return
      onMore(more)
      if (more === 'away') window.setTimeout(() => isCurrent && void ask(), AGAIN_MS)
    }
    void ask()
    return () => {
      isCurrent = false
    }
  }, [...changes, isWanted, sitting.without.length, sitting.later.length])
}

/** Calls `leave` when the page is left or hidden for good, which is the last moment at which anything can be sent. */
export function useBeforeLeaving(leave: () => void): void {
  useEffect(() => {
    window.addEventListener('pagehide', leave)
    return () => window.removeEventListener('pagehide', leave)
  }, [])
}

/** Shows a card from its top when it is another one, where the one before was scrolled away. Without motion for who wants none. */
export function useShownFromTop(region: RefObject<HTMLElement | null>, card: string | undefined): void {
  useLayoutEffect(() => {
    const { current } = region
    if (card === undefined || current === null || current.getBoundingClientRect().top >= 0) return
    const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    current.scrollIntoView({ block: 'start', behavior: isCalm ? 'instant' : 'smooth' })
  }, [card])
}
