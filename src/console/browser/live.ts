/** Follows the changes of a page while it is in sight: a tab in the background asks for nothing. */
import type { Frame } from '../page/frame.ts'

export interface Follower {
  readonly onData: (data: unknown) => void
  /** Says why the page is not up to date. */
  readonly onAway: (reason: string) => void
}

/** A connection that fails is opened again after so many milliseconds; twice as many with each failure, up to the last. */
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000] as const

/** Opens the stream of the page's events. Returns what ends it. */
export function follow({ base, path }: Frame, { onData, onAway }: Follower): () => void {
  let source: EventSource | undefined
  let failures = 0
  let timer: number | undefined
  const url = `${base}/live?path=${encodeURIComponent(path)}`

  const close = () => {
    window.clearTimeout(timer)
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    const opened = new EventSource(url)
    source = opened
    opened.addEventListener('data', (event) => {
      failures = 0
      onData(JSON.parse(event.data))
    })
    opened.addEventListener('away', (event) => onAway(String(JSON.parse(event.data))))
    opened.addEventListener('error', () => {
      onAway('the console does not answer')
      close()
      timer = window.setTimeout(open, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)])
      failures += 1
    })
  }
  const onSight = () => {
    if (document.visibilityState === 'visible') open()
    else close()
  }
  document.addEventListener('visibilitychange', onSight)
  onSight()
  return () => {
    document.removeEventListener('visibilitychange', onSight)
    close()
  }
}
