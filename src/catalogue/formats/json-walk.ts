/** Follows the nesting of a JSON document through its bytes, without building anything of it. */

/** How deep the keys of objects are remembered. */
export const MAX_PATH = 6
const MAX_KEY_BYTES = 200
const BACKSLASH = 0x5c
const QUOTE = 0x22
const NEWLINE = 0x0a
const COMMA = 0x2c
const OPEN_MAP = 0x7b
const OPEN_LIST = 0x5b
const CLOSE_MAP = 0x7d
const CLOSE_LIST = 0x5d

export interface Level {
  readonly kind: 'list' | 'map'
  /** The key of the value at hand in an object. */
  key: string
  /** The place of the value at hand in a list or an object. */
  index: number
}

/** Called at the first byte of each list and object, and behind the last one has been left, with the levels around it. */
export type Visit = (event: 'open' | 'close', at: number, levels: readonly Level[], kind: 'list' | 'map') => void

export interface JsonWalk {
  /** Goes on through the next bytes; `at` counts from the beginning of the chunk. */
  feed(chunk: Buffer): void
}

/** A line break ends a text, which JSON forbids in one, so that a missing quote costs no more than its line. */
export function createWalk(visit: Visit): JsonWalk {
  const levels: Level[] = []
  let isText = false
  let isEscaped = false
  let expectsKey = false
  let key: number[] | undefined

  function endText(): void {
    isText = false
    isEscaped = false
    const level = levels.at(-1)
    if (key !== undefined && level !== undefined) level.key = Buffer.from(key).toString('utf8')
    key = undefined
  }

  function inText(byte: number): void {
    if (byte === NEWLINE || (byte === QUOTE && !isEscaped)) {
      endText()
      return
    }
    isEscaped = byte === BACKSLASH && !isEscaped
    if (key !== undefined && key.length < MAX_KEY_BYTES) key.push(byte)
  }

  function open(kind: 'list' | 'map', at: number): void {
    visit('open', at, levels, kind)
    levels.push({ kind, key: '', index: 0 })
    expectsKey = kind === 'map'
  }

  function outside(byte: number, at: number): void {
    if (byte === QUOTE) {
      isText = true
      key = expectsKey && levels.length <= MAX_PATH ? [] : undefined
      expectsKey = false
    } else if (byte === OPEN_MAP) open('map', at)
    else if (byte === OPEN_LIST) open('list', at)
    else if (byte === CLOSE_MAP || byte === CLOSE_LIST) {
      const left = levels.pop()
      expectsKey = false
      if (left !== undefined) visit('close', at, levels, left.kind)
    } else if (byte === COMMA) {
      const level = levels.at(-1)
      if (level !== undefined) level.index += 1
      expectsKey = level?.kind === 'map'
    }
  }

  return {
    feed(chunk) {
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at] ?? 0
        if (isText) inText(byte)
        else if (byte > 0x20) outside(byte, at)
      }
    },
  }
}
