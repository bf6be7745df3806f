/** What a key means in the review and in blind labelling. Pure but for the element that has the focus. */

export type KeyAction =
  | { readonly kind: 'decide' | 'skip' | 'unsure' | 'undo' | 'help' | 'leave' }
  | { readonly kind: 'first'; readonly text: string }
  | { readonly kind: 'choose'; readonly key: string }
  | { readonly kind: 'move'; readonly by: number }
  | { readonly kind: 'focus'; readonly id: string }

/** What a page does at each key. */
export interface KeyHandlers {
  readonly decide: () => void
  readonly skip: () => void
  readonly unsure: () => void
  readonly undo: () => void
  readonly help: () => void
  readonly leave: () => void
  /** Takes the first of what was found for the text. */
  readonly first: (text: string) => void
  readonly choose: (key: string) => void
  readonly move: (by: number) => void
}

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
    const { value: text = '' } = target as HTMLInputElement
    // An empty search has nothing to take, so that Enter leads back to the card.
    return target.id === 'review-search' && text.trim() !== '' ? { kind: 'first', text } : { kind: 'leave' }
  }
  // A button that has the focus is pressed by Enter.
  if (key === 'Enter' && (target?.tagName === 'BUTTON' || target?.tagName === 'SUMMARY' || target?.tagName === 'A'))
    return undefined
  if (/^\d$/.test(key)) return { kind: 'choose', key }
  return Object.hasOwn(PLAIN, key) ? PLAIN[key] : undefined
}

/** Does what the key means, if it means anything. */
export function handleKey(event: KeyboardEvent, on: KeyHandlers): void {
  const action = actionOf(event)
  if (action === undefined) return
  event.preventDefault()
  switch (action.kind) {
    case 'first':
      on.first(action.text)
      break
    case 'choose':
      on.choose(action.key)
      break
    case 'move':
      on.move(action.by)
      break
    case 'focus':
      document.getElementById(action.id)?.focus()
      break
    default:
      on[action.kind]()
  }
}
