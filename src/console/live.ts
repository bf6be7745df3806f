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
  /** The most browsers that watch at once. */
  readonly maxWatchers: number
  /** What is told in place of an error that a look ended with. */
  readonly describe: (error: unknown) => string
}

/** A page that is watched. */
export interface Watched {
  /** Its address, by which all who watch it share one look. */
  readonly key: string
  /** The milliseconds between the end of one look and the next, however many watch. */
  readonly everyMs: number
  readonly load: () => Promise<unknown>
}

export interface Live {
  /** Adds a watcher of a page; false where too many watch. */
  watch(page: Watched, watcher: Watcher): boolean
  close(): void
}

interface Topic extends Watched {
  readonly watchers: Set<Watcher>
  timer: NodeJS.Timeout | undefined
  last: string
}

/** After so many milliseconds without news a comment keeps proxies from closing the connection. */
const SILENCE_MS = 15_000

export function createLive({ maxWatchers, describe }: LiveOptions): Live {
  const topics = new Map<string, Topic>()
  let watchers = 0

  const look = async (topic: Topic) => {
    topic.timer = undefined
    const event = await topic.load().then(
      (data) => `event: data\ndata: ${toScriptJson(data)}\n\n`,
      (error: unknown) => `event: away\ndata: ${JSON.stringify(describe(error))}\n\n`,
    )
    for (const watcher of topic.watchers) if (!watcher.isAllowed()) watcher.response.end()
    const isNew = event !== topic.last
    topic.last = event
    if (isNew) for (const watcher of topic.watchers) tell(watcher, topic)
    if (topics.get(topic.key) !== topic || topic.watchers.size === 0) return
    topic.timer = setTimeout(() => void look(topic), topic.everyMs)
  }

  return {
    watch: (page, watcher) => {
      if (watchers >= maxWatchers) return false
      watchers += 1
      const { key } = page
      const known = topics.get(key)
      const topic: Topic = known ?? { ...page, watchers: new Set(), timer: undefined, last: '' }
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
        void look(topic)
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
