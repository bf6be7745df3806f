/** Journals of invocations without Restate: a context that records every step, and that replays the steps of an earlier journal. */
import assert from 'node:assert/strict'
import { type Context, RestatePromise } from '@restatedev/restate-sdk'

/** One entry of a journal. A step whose value was `undefined` has the value null, as JSON has no other. */
export type Entry =
  | { readonly step: 'run'; readonly name: string; value?: unknown }
  | { readonly step: 'sleep'; readonly name: string }
  | { readonly step: 'date'; readonly value: string }
  | { readonly step: 'call'; readonly request: unknown; reply?: unknown }

export interface Journal {
  readonly ctx: Context
  /** All entries so far: those that were replayed, and those that were recorded after them. */
  readonly entries: readonly Entry[]
  /** A call of another service, which `answer` answers where no journaled reply is replayed. */
  call<Reply>(request: unknown, answer: () => Promise<Reply>): RestatePromise<Reply>
}

/**
 * A context that first replays `known` and fails the test where the handler takes another way than these entries, and that
 * then records. A known call without its reply is answered anew, as a call is whose callee has not ended yet.
 */
export function createJournal(
  id: string,
  known: readonly Entry[] = [],
  headers: ReadonlyMap<string, string> = new Map(),
): Journal {
  const entries: Entry[] = []
  let dates = 0

  /** The journaled entry where there is one left, else `live`. */
  function next<Found extends Entry>(live: Found): { readonly entry: Found; readonly isReplayed: boolean } {
    const expected = known[entries.length]
    if (expected === undefined) {
      entries.push(live)
      return { entry: live, isReplayed: false }
    }
    assert.equal(entryName(live), entryName(expected), `entry ${entries.length} of the journal of ${id}`)
    const entry = { ...live, ...expected }
    entries.push(entry)
    return { entry, isReplayed: true }
  }

  const context = {
    request: () => ({ id, headers, attemptHeaders: new Map(), attemptCompletedSignal: new AbortController().signal }),
    run: (name: string | (() => unknown), action: () => unknown) => {
      if (typeof name !== 'string') {
        // The steps without a name give the time. Restate's SDK makes one of them of `ctx.date` as well.
        dates += 1
        return RestatePromise.resolve(next({ step: 'date', value: `2026-11-0${dates}T08:00:00.000Z` }).entry.value)
      }
      const { entry, isReplayed } = next({ step: 'run', name })
      const step = async () => {
        if (!isReplayed) (entry as { value?: unknown }).value = cloneOf(await action())
        return cloneOf((entry as { value?: unknown }).value)
      }
      const value = step()
      return RestatePromise.resolve(undefined).map(() => value)
    },
    sleep: (_ms: number, name: string) => {
      next({ step: 'sleep', name })
      // Claims are never renewed here, because all chunks answer before that.
      return name === 'renew the claims' ? RestatePromise.race([]) : RestatePromise.resolve(undefined)
    },
    rand: { random: () => 0.5, uuidv4: () => 'a-random-id' },
  }

  return {
    ctx: context as unknown as Context,
    entries,
    call(request, answer) {
      const { entry } = next<Extract<Entry, { step: 'call' }>>({ step: 'call', request: cloneOf(request) })
      const reply = async () => {
        entry.reply ??= cloneOf(await answer())
        return cloneOf(entry.reply)
      }
      const replied = reply()
      return RestatePromise.resolve(undefined).map(() => replied) as unknown as ReturnType<Journal['call']>
    },
  } as Journal
}

/** What Restate compares in a replay: the kind and the name of a step, and of a call also its body, byte by byte. */
function entryName(entry: Entry): string {
  if (entry.step === 'call') return `call ${JSON.stringify(entry.request)}`
  return entry.step === 'date' ? 'date' : `${entry.step} ${entry.name}`
}

/** The value as it comes back from a journal. */
export function cloneOf<Value>(value: Value): Value {
  return value === undefined ? (null as Value) : (JSON.parse(JSON.stringify(value)) as Value)
}
