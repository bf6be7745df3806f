/** Finds where in a JSON document lists of records lie, and cuts the records out, in memory that does not grow with the document. */

import { MAX_LINE_BYTES } from '../limits.ts'
import type { RawRecord, ReadAt } from '../record-splitter.ts'
import { createWalk, type Level, MAX_PATH } from './json-walk.ts'

const CHUNK_BYTES = 65_536
const SHOWN_BYTES = 200
/** The most lists and objects that are counted, because a hostile document could have a new one at every byte. */
const MAX_CONTAINERS = 5_000
const NEWLINE = 0x0a

/** A list, or an object, that holds objects. */
export interface Container {
  /** The keys and places that lead to it, "*" for every place of a long list; empty for the whole document. */
  readonly path: readonly string[]
  readonly kind: 'list' | 'map'
  /** How many objects it holds. */
  objects: number
  /** How many lists and objects it holds. */
  values: number
}

async function* chunksFrom(readAt: ReadAt, start: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let position = start; ; ) {
    const read = await readAt(buffer, 0, CHUNK_BYTES, position)
    if (read === 0) return
    position += read
    yield buffer.subarray(0, read)
  }
}

/** Finds the lists and objects that hold objects, in the order of the document, and how many values stand at its top. */
export async function findContainers(
  readAt: ReadAt,
  start: number,
): Promise<{ readonly containers: readonly Container[]; readonly tops: number }> {
  const found = new Map<string, Container>()
  let tops = 0
  const walk = createWalk((event, _at, levels, kind) => {
    if (event === 'close') return
    if (levels.length === 0) tops += 1
    const parent = levels.at(-1)
    if (parent === undefined || levels.length > MAX_PATH) return
    const path = pathOf(levels.slice(0, -1))
    const name = `${parent.kind} ${path.join('\u0000')}`
    const known = found.get(name)
    if (known === undefined && found.size >= MAX_CONTAINERS) return
    const container = known ?? { path, kind: parent.kind, objects: 0, values: 0 }
    container.values += 1
    if (kind === 'map') container.objects += 1
    found.set(name, container)
  })
  for await (const chunk of chunksFrom(readAt, start)) walk.feed(chunk)
  return { containers: [...found.values()].filter(({ objects }) => objects > 0), tops }
}

/** The path of the innermost of the levels. Places count as "*" but for the first two of a list at the top, as in [meta, rows]. */
function pathOf(levels: readonly Level[]): string[] {
  return levels.map(({ kind, key, index }, depth) => {
    if (kind === 'map') return key
    return depth === 0 && index < 2 ? String(index) : '*'
  })
}

/**
 * Yields the lists and objects in the container, each as a record with its bytes. The values of an object get their key as "@key".
 * What is not closed before the end of the document is a faulty record.
 */
export async function* recordsAt(
  readAt: ReadAt,
  start: number,
  container: Pick<Container, 'path' | 'kind' | 'objects'> | 'document',
): AsyncGenerator<RawRecord> {
  // The key of a single object is the name of a property, and no id.
  const isKeyed = container !== 'document' && container.objects > 1
  const depth = container === 'document' ? 0 : container.path.length + 1
  const ready: RawRecord[] = []
  let parts: Buffer[] = []
  let size = 0
  let openLine = 0
  let openKey: string | undefined
  let isOpen = false
  let line = 1
  let chunk: Buffer = Buffer.alloc(0)
  let from = 0
  let counted = 0

  function isHere(levels: readonly Level[]): boolean {
    if (levels.length !== depth || container === 'document') return levels.length === depth
    return levels.at(-1)?.kind === container.kind && fits(levels.slice(0, -1), container.path)
  }

  function countLines(to: number): void {
    for (let at = chunk.indexOf(NEWLINE, counted); at >= 0 && at < to; at = chunk.indexOf(NEWLINE, at + 1)) line += 1
    counted = to
  }

  function keep(to: number): void {
    const part = chunk.subarray(from, to)
    size += part.length
    if (size <= MAX_LINE_BYTES) parts.push(part)
    from = 0
  }

  function finish(isWhole: boolean): void {
    const [only, another] = parts
    const bytes = only !== undefined && another === undefined ? only : Buffer.concat(parts)
    const isTooLong = size > MAX_LINE_BYTES
    const fault = isTooLong ? 'too-long' : isWhole ? undefined : 'open-value'
    const shown = fault === undefined ? withKey(bytes, openKey) : bytes.subarray(0, SHOWN_BYTES)
    ready.push({ line: openLine, bytes: shown, fault })
    parts = []
    size = 0
    isOpen = false
  }

  const walk = createWalk((event, at, levels) => {
    if (event === 'open' && !isOpen && isHere(levels)) {
      countLines(at)
      isOpen = true
      openLine = line
      openKey = isKeyed && levels.at(-1)?.kind === 'map' ? levels.at(-1)?.key : undefined
      from = at
    } else if (event === 'close' && isOpen && isHere(levels)) {
      keep(at + 1)
      finish(true)
    }
  })
  for await (const next of chunksFrom(readAt, start)) {
    chunk = next
    from = 0
    counted = 0
    walk.feed(chunk)
    if (isOpen) keep(chunk.length)
    countLines(chunk.length)
    // A record within the chunk is handed on as a part of it, because a copy of each would stay outside the heap for long.
    yield* ready.splice(0)
    parts = parts.map((part) => Buffer.from(part))
  }
  if (!isOpen) return
  finish(false)
  yield* ready
}

function fits(levels: readonly Level[], path: readonly string[]): boolean {
  return (
    levels.length === path.length &&
    levels.every(({ kind, key, index }, depth) => {
      const wanted = path[depth]
      return kind === 'map' ? key === wanted : wanted === '*' || wanted === String(index)
    })
  )
}

function withKey(bytes: Buffer, key: string | undefined): Buffer {
  if (key === undefined || bytes[0] !== 0x7b) return bytes
  const rest = bytes.subarray(1)
  const comma = /^\s*\}/.test(rest.toString('latin1', 0, 100)) ? '' : ','
  return Buffer.concat([Buffer.from(`{"@key":${JSON.stringify(key)}${comma}`), rest])
}
