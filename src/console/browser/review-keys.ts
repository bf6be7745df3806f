/** What a key means in the review. Pure but for the element that has the focus. */

export type KeyAction =
  | { readonly kind: 'decide' | 'skip' | 'unsure' | 'undo' | 'help' | 'leave' | 'first' }
  | { readonly kind: 'choose'; readonly key: string }
  | { readonly kind: 'move'; readonly by: number }
  | { readonly kind: 'focus'; readonly id: string }

const PLAIN: Readonly<Record<string, KeyAction>> = {
  Enter: { kind: 'decide' },
  s: { kind: 'skip' },
  x: { kind: 'unsure' },
  u: { kind: 'undo' },
  '?': { kind: 'help' },
  Escape: { kind: 'leave' },
  ArrowDown: { kind: 'move', by: 1 },
  ArrowUp: { kind: 'move', by: -1 },
  '/': { kind: 'focus', id: 'review-search' },
  c: { kind: 'focus', id: 'review-note' },
}

/** The action of a key; undefined for one that the browser handles. In a text the letters are text. */
export function actionOf(event: KeyboardEvent): KeyAction | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined
  const target = event.target instanceof HTMLElement ? event.target : null
  const { key } = event
  if (target?.tagName === 'INPUT' || target?.tagName === 'SELECT') {
    if (key === 'Escape') return { kind: 'leave' }
    if (key !== 'Enter') return undefined
    return target.id === 'review-search' ? { kind: 'first' } : { kind: 'leave' }
  }
  // A button that has the focus is pressed by Enter.
  if (key === 'Enter' && (target?.tagName === 'BUTTON' || target?.tagName === 'SUMMARY' || target?.tagName === 'A'))
    return undefined
  if (/^\d$/.test(key)) return { kind: 'choose', key }
  return Object.hasOwn(PLAIN, key) ? PLAIN[key] : undefined
}
