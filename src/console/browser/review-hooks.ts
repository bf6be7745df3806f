/** Hooks that the review and blind labels share. */
import { useEffect, useState } from 'preact/hooks'
import type { Cards } from './review-cards.ts'
import type { Candidate, ReviewField } from './review-types.ts'

/** A person who types is asked for after so many milliseconds without a key. */
const PAUSE_MS = 120
const NONE: readonly Candidate[] = []

/** The codes that fit what was typed into the search of a field; none for a field without a code list. */
export function useFoundCodes(service: Cards, field: ReviewField | undefined, search: string): readonly Candidate[] {
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

/** Calls `leave` when the page is left or hidden for good, which is the last moment at which anything can be sent. */
export function useBeforeLeaving(leave: () => void): void {
  useEffect(() => {
    window.addEventListener('pagehide', leave)
    return () => window.removeEventListener('pagehide', leave)
  }, [])
}
