/** Decisions on their way to the service: kept in the browser until they are stored, sent again while the service is away. */
import type { Frame } from '../page/frame.ts'
import { post } from './post.ts'

/** A decision as it is sent. */
export interface Waiting {
  readonly id: string
  readonly body: unknown
  /** What it is about, such as the name of the record; decisions of earlier releases do not say. */
  readonly about?: string
  /** Until then, in milliseconds since 1970, it can be taken back. */
  readonly notBefore: number
}

export interface Refused {
  readonly id: string
  readonly message: string
  readonly about: string
}

export interface Outbox {
  /** Adds a decision. All that wait are sent at once, but this one. */
  add(id: string, body: unknown, about: string): void
  /** Takes a decision back that was not sent yet; false where it was. */
  takeBack(id: string): boolean
  /** Sends all at once, as before the page is left. */
  flush(): void
}

export interface OutboxOptions {
  readonly frame: Frame
  /** The path that takes what is sent. */
  readonly path: string
  /** Told when the number of waiting decisions, or the reason why they wait, has changed. */
  readonly onChange: (waiting: number, reason: string) => void
  readonly onRefused: (refused: Refused) => void
}

/** For so long a decision can be taken back without a trace. */
const GRACE_MS = 6_000
const RETRY_MS = [1_000, 2_000, 5_000, 10_000] as const
const TIMEOUT_MS = 20_000

export function createOutbox({ frame, path, onChange, onRefused }: OutboxOptions): Outbox {
  const key = `classify-outbox:${frame.base}${path}`
  let failures = 0
  let timer: number | undefined
  let isSending = false
  let reason = ''

  const read = (): Waiting[] => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? '[]') as Waiting[]
    } catch {
      return []
    }
  }
  const write = (waiting: readonly Waiting[]) => {
    localStorage.setItem(key, JSON.stringify(waiting))
    onChange(waiting.length, reason)
  }
  const remove = (id: string) => write(read().filter((one) => one.id !== id))

  const plan = (ms: number) => {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void send(), ms)
  }

  const send = async (): Promise<void> => {
    if (isSending) return
    const now = Date.now()
    const next = read().find((one) => one.notBefore <= now)
    if (next === undefined) {
      const [first] = read()
      if (first !== undefined) plan(Math.max(50, first.notBefore - now))
      return
    }
    isSending = true
    const outcome = await deliver(frame, path, next.body)
    isSending = false
    if (outcome === 'away' || outcome === 'signed-out') {
      reason =
        outcome === 'away' ? 'the service does not answer' : 'the session has ended: sign in again in another tab'
      onChange(read().length, reason)
      plan(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 10_000)
      failures += 1
      return
    }
    failures = 0
    reason = ''
    remove(next.id)
    if (outcome !== 'stored') onRefused({ id: next.id, message: outcome, about: next.about ?? '' })
    plan(0)
  }

  const readReleased = () => read().map((one) => ({ ...one, notBefore: 0 }))
  plan(0)
  return {
    add: (id, body, about) => {
      // The next decision says that the one before was meant.
      write([...readReleased(), { id, body, about, notBefore: Date.now() + GRACE_MS }])
      plan(0)
    },
    takeBack: (id) => {
      const waiting = read()
      const [first] = waiting
      const found = waiting.find((one) => one.id === id)
      if (found === undefined || (isSending && first?.id === id)) return false
      remove(id)
      return true
    },
    flush: () => {
      const waiting = readReleased()
      write(waiting)
      for (const { body } of waiting) void deliver(frame, path, body, true)
    },
  }
}

/** Resolves with what became of the decision: stored, the sentence that refuses it, or that nobody can say now. */
async function deliver(
  frame: Frame,
  path: string,
  body: unknown,
  keepalive = false,
): Promise<'stored' | 'away' | 'signed-out' | string> {
  try {
    const response = await post(frame, path, body, { timeoutMs: TIMEOUT_MS, keepalive })
    if (response.ok) return 'stored'
    if (response.status === 401 || response.status === 403) return 'signed-out'
    if (response.status !== 422 && response.status !== 400) return 'away'
    const { message } = (await response.json()) as { readonly message?: string }
    return message ?? 'The decision was refused'
  } catch {
    return 'away'
  }
}
