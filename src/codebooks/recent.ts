/** A map for what is costly to compute again, which forgets what was not asked for lately. */
import { shortSha256 } from '../lib/sha256.ts'

export interface Recent<Value> {
  set(key: string, value: Value): void
  get(key: string): Value | undefined
}

/** A map that holds at least the last `most` keys that were set or found, and at most twice as many. */
export function createRecent<Value>(most: number): Recent<Value> {
  let recent = new Map<string, Value>()
  let earlier = new Map<string, Value>()
  const set = (key: string, value: Value) => {
    recent.set(key, value)
    if (recent.size < most) return
    earlier = recent
    recent = new Map()
  }
  return {
    set,
    get(key: string): Value | undefined {
      const found = recent.get(key)
      if (found !== undefined) return found
      const before = earlier.get(key)
      if (before !== undefined) set(key, before)
      return before
    },
  }
}

/** A key for texts that takes less memory than they do. Nobody can find other texts with the same one. */
export function digestOf(texts: readonly (string | undefined)[]): string {
  return shortSha256(JSON.stringify(texts))
}
