/** Sends the changing data of pages to the browsers that watch them, by Server-Sent Events. */
import type { ServerResponse } from 'node:http'
import { toScriptJson } from './document.ts'

/** A browser that watches a page. */
export interface Watcher {
  readonly response: ServerResponse
  /** Whether the person may still see the page. */
  isAllowed(): boolean
}

export interface LiveOptions {
  /** The milliseconds between the end of one look and the next, however many watch. */
  readonly everyMs: number
  /** The most browsers that watch at once. */
  readonly maxWatchers: number
  /** What is told in place of an error that a look ended with. */
  readonly describe: (error: unknown) => string
}

export interface Live {
  /** Adds a watcher of the page `key`, whose data `load` looks up; false where too many watch. */
  watch(key: string, watcher: Watcher, load: () => Promise<unknown>): boolean
  readonly watchers: number
  close(): void
}

interface Topic {
  readonly watchers: Set<Watcher>
  readonly load: () => Promise<unknown>
  timer: NodeJS.Timeout | undefined
  last: string
}

/** After so many milliseconds without news a comment keeps proxies from closing the connection. */
const SILENCE_MS = 15_000

export function createLive({ everyMs, maxWatchers, describe }: LiveOptions): Live {
  const topics = new Map<string, Topic>()
  let watchers = 0

  const look = async (key: string, topic: Topic) => {
    topic.timer = undefined
    const event = await topic.load().then(
      (data) => `event: data\ndata: ${toScriptJson(data)}\n\n`,
      (error: unknown) => `event: away\ndata: ${JSON.stringify(describe(error))}\n\n`,
    )
    for (const watcher of topic.watchers) if (!watcher.isAllowed()) watcher.response.end()
    const isNew = event !== topic.last
    topic.last = event
    if (isNew) for (const watcher of topic.watchers) tell(watcher, topic)
    if (topics.get(key) !== topic || topic.watchers.size === 0) return
    topic.timer = setTimeout(() => void look(key, topic), everyMs)
  }

  return {
    get watchers() {
      return watchers
    },
    watch: (key, watcher, load) => {
      if (watchers >= maxWatchers) return false
      watchers += 1
      const known = topics.get(key)
      const topic = known ?? { watchers: new Set(), load, timer: undefined, last: '' }
      topic.watchers.add(watcher)
      const silence = setInterval(() => watcher.response.write(':\n\n'), SILENCE_MS)
      watcher.response.once('close', () => {
        watchers -= 1
        clearInterval(silence)
        topic.watchers.delete(watcher)
        if (topic.watchers.size > 0 || topics.get(key) !== topic) return
        clearTimeout(topic.timer)
        topics.delete(key)
      })
      watcher.response.write('retry: 2000\n\n')
      if (known === undefined) {
        topics.set(key, topic)
        void look(key, topic)
      } else if (topic.last !== '') tell(watcher, topic)
      return true
    },
    close: () => {
      for (const topic of topics.values()) {
        clearTimeout(topic.timer)
        for (const { response } of topic.watchers) response.end()
      }
      topics.clear()
    },
  }
}

/** A browser that reads slowly is told what is true when it has read, and not every state between. */
function tell({ response }: Watcher, topic: Topic): void {
  if (!response.writableNeedDrain) response.write(topic.last)
  else if (response.listenerCount('drain') === 0) response.once('drain', () => response.write(topic.last))
}
