/** Keeps the results of a run in a private file as they come, and finds them again by the id of their indicator. */
import { type FileHandle, open, rm } from 'node:fs/promises'
import { IdTable, type Pair } from '../../catalogue/duplicate-index.ts'
import { writePrivateFile } from '../../embedded/private-files.ts'
import { isRecord, parseJson } from '../../lib/json/json.ts'
import { fieldText } from '../../lib/json/json-cursor.ts'
import type { ResultBody } from '../../restate/contract.ts'
import { boundGarbage } from '../classify/heap.ts'

/** How much of the file is read at once. The results of one batch stand together. */
const BLOCK_BYTES = 262_144
/** How many values a number of 32 bits has. */
const WORD = 2 ** 32
const NEWLINE = 0x0a
/** Garbage is looked for after so many lines, as in a run after each batch. */
const LINES_BETWEEN_LOOKS = 100

export interface ResultSpool {
  /** Adds results; of one indicator the last one counts. */
  append(results: readonly ResultBody[]): Promise<void>
  /** Reads the file once, and resolves with what finds its results. Nothing may be added afterwards. */
  lookUp(): Promise<ResultLookup>
  close(): Promise<void>
  /** Closes and deletes the file. */
  remove(): Promise<void>
}

export interface ResultLookup {
  find(id: string): Promise<ResultBody | undefined>
}

/** Opens the file at `path`, in a folder that is there; what an earlier process wrote to it is kept. */
export async function openResultSpool(path: string): Promise<ResultSpool> {
  await writePrivateFile(path, '', 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  // Another process may take the run over while this one ends its last batches, so that the system finds the place of each line.
  const handle = await open(path, 'a+')
  const { size } = await handle.stat()
  let isClosed = false
  // A line that a kill has cut off gets its end, because the next line would otherwise continue it.
  if (size > 0 && (await lastByte(handle, size)) !== NEWLINE) await handle.appendFile('\n')
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await handle.close()
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    append: async (results) => {
      // Batches end at the same time, and a long text may take several writes. The text of a batch is made in its turn, so that those that
      // wait have none.
      const written = last.then(() =>
        handle.appendFile(results.map((result) => `${JSON.stringify(result)}\n`).join('')),
      )
      last = written.catch(() => undefined)
      await written
    },
    lookUp: async () => lookUpIn(handle, (await handle.stat()).size),
    close,
    remove: async () => {
      await close()
      await rm(path, { force: true })
    },
  }
}

async function lastByte(handle: FileHandle, size: number): Promise<number | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return bytesRead === 1 ? buffer[0] : undefined
}

async function lookUpIn(handle: FileHandle, size: number): Promise<ResultLookup> {
  const places = new IdTable()
  const reader = createBlockReader(handle, size)
  for (let at = 0; at < size; ) {
    const line = await reader.lineAt(at)
    const id = fieldText(line, 'indicator_id') ?? idOf(line.toString('utf8'))
    if (id !== undefined) places.set(id, pairOf(at))
    at += line.length + 1
    if (places.count % LINES_BETWEEN_LOOKS === 0) boundGarbage()
  }
  return {
    find: async (id) => {
      const pair = places.get(id)
      if (pair === undefined) return undefined
      const line = await reader.lineAt(placeOf(pair))
      const result = parseJson(line.toString('utf8'))
      return isRecord(result) && result['indicator_id'] === id ? (result as ResultBody) : undefined
    },
  }
}

/** A place in the file as two numbers of 32 bits, of which the second is not 0. */
function pairOf(place: number): Pair {
  return [place % WORD, Math.floor(place / WORD) + 1]
}

function placeOf([low, high]: Pair): number {
  return (high - 1) * WORD + low
}

function idOf(line: string): string | undefined {
  const result = parseJson(line)
  const id = isRecord(result) ? result['indicator_id'] : undefined
  return typeof id === 'string' ? id : undefined
}

/**
 * Reads lines of a file by the places where they begin, in blocks. A line is valid until the next one is read, because the buffer is
 * used again: buffers that wait for the garbage collector would take tens of megabytes.
 */
function createBlockReader(handle: FileHandle, size: number): { lineAt(position: number): Promise<Buffer> } {
  let buffer = Buffer.allocUnsafe(BLOCK_BYTES)
  let start = 0
  let length = 0

  async function fill(position: number): Promise<void> {
    start = position
    length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, position + length)
      length += bytesRead
      if (bytesRead === 0) return
    }
  }

  return {
    lineAt: async (position) => {
      if (position < start || position >= start + length) await fill(position)
      for (;;) {
        const block = buffer.subarray(position - start, length)
        const end = block.indexOf(NEWLINE)
        if (end >= 0) return block.subarray(0, end)
        if (start + length >= size) return block
        // The line goes on behind the block, or is longer than one.
        if (position === start) buffer = Buffer.allocUnsafe(2 * buffer.length)
        await fill(position)
      }
    },
  }
}
