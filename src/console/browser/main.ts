/** Takes over the page that the server rendered, shows times in the reader's zone, and follows what changes. */
import { type ComponentChildren, h, hydrate } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Frame, PageModule } from '../page/frame.ts'
import { follow } from './live.ts'

interface PageState {
  readonly view: string
  readonly data: unknown
  readonly frame: Frame
}

/** The modules of the pages. Each is loaded by the page that needs it alone. */
const PAGES: Readonly<Record<string, () => Promise<PageModule>>> = {
  runs: () => import('../page/runs-page.ts'),
  run: () => import('../page/run-page.ts'),
  results: () => import('../page/results-page.ts'),
  record: () => import('../page/record-page.ts'),
  review: () => import('../page/review-page.ts'),
  accuracy: () => import('../page/accuracy-page.ts'),
  label: () => import('../page/label-page.ts'),
  cluster: () => import('../page/cluster-page.ts'),
  codebooks: () => import('../page/codebooks-page.ts'),
  codebook: () => import('../page/codebook-page.ts'),
  start: () => import('../page/start-page.ts'),
  upload: () => import('../page/upload-page.ts'),
  'sign-in': () => import('../page/sign-in-page.ts'),
  error: () => import('../page/error-page.ts'),
}

/** What a page does in the browser beyond what the server renders. */
const ENHANCED: Readonly<Record<string, () => Promise<{ readonly enhance: (frame: Frame, data: unknown) => void }>>> = {
  review: () => import('./review.ts'),
  start: () => import('./start.ts'),
  label: () => import('./label.ts'),
}

async function start(): Promise<void> {
  const root = document.getElementById('app')
  const text = document.getElementById('page')?.textContent
  if (root === null || text === undefined || text === null) return
  const first = JSON.parse(text) as PageState
  const page = await PAGES[first.view]?.()
  if (page === undefined) return
  hydrate(h(App, { first, page }), root)
  const enhanced = await ENHANCED[first.view]?.()
  enhanced?.enhance(first.frame, first.data)
}

function App({ first, page }: { readonly first: PageState; readonly page: PageModule }): ComponentChildren {
  const [data, setData] = useState(first.data)
  const [frame, setFrame] = useState(first.frame)
  useEffect(() => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    setFrame((known) => ({ ...known, zone }))
    if (!first.frame.isLive) return undefined
    return follow(first.frame, {
      onData: (next) => {
        setData(next)
        setFrame((known) => (known.away === '' ? known : { ...known, away: '' }))
      },
      onAway: (away) => setFrame((known) => ({ ...known, away })),
    })
  }, [])
  return h(page.Page, { data: data as never, frame })
}

void start()
