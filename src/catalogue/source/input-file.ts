/** Opens the input of a command so that it can be read twice by position: a file as it is, a pipe through a temporary file. */
import { constants, openSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { isServiceError, type ServiceError } from '../../errors.ts'
import { inputInvalid, printable } from '../problem-report.ts'
import { describeReadError } from '../read-error.ts'
import type { ReadAt } from '../record-splitter.ts'
import { HEAD_BYTES } from './file-detection.ts'
import { type OpenFile, type SpoolOptions, spool } from './spool.ts'

const MAX_LABEL = 300

/** The opened input of a command, which is a file or the copy of a pipe. */
export interface InputFile {
  /** The path as messages show it, or "standard input". */
  readonly label: string
  readonly readAt: ReadAt
  /** The first bytes of the input, at most HEAD_BYTES of them. */
  readonly head: Buffer
  readonly size: number
  close(): Promise<void>
}

export interface InputFileOptions extends SpoolOptions {
  readonly stdin?: Readable | undefined
}

/**
 * Opens the input of a command. Standard input (`-`), a FIFO or a device is copied to a temporary file first. Throws
 * ServiceError `input-invalid` where the input cannot be read or is no text.
 */
export async function openInputFile(path: string, options: InputFileOptions = {}): Promise<InputFile> {
  const label = path === '-' ? 'standard input' : printable(path, MAX_LABEL)
  const file = path === '-' ? await spool(options.stdin ?? process.stdin, label, options) : await openFile()

  async function openFile(): Promise<OpenFile> {
    if (path === '') throw inputInvalid('The name of the catalogue is empty: name a file, or - for standard input')
    let handle: FileHandle | undefined
    try {
      const fifo = await openFifo(path)
      if (fifo !== undefined) return await spool(fifo, label, options)
      handle = await open(path, constants.O_RDONLY)
      const stats = await handle.stat()
      if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
      if (stats.isFile()) return { handle, remove: async () => {} }
    } catch (error) {
      await handle?.close()
      throw describeOpenError(error, label)
    }
    const stream = handle.createReadStream({ autoClose: false })
    try {
      return await spool(stream, label, options)
    } finally {
      stream.destroy()
      await handle.close()
    }
  }

  return await inputFileOf(file, label)
}

/** Makes the input of a command of an open file, which it closes with the input, or where its first bytes cannot be read. */
export async function inputFileOf({ handle, remove }: OpenFile, label: string): Promise<InputFile> {
  let closing: Promise<void> | undefined
  const readAt: ReadAt = async (buffer, offset, length, position) => {
    if (closing !== undefined) throw new Error(`${label}: read after close`)
    try {
      return (await handle.read(buffer, offset, length, position)).bytesRead
    } catch (error) {
      throw describeOpenError(error, label)
    }
  }
  async function close(): Promise<void> {
    closing ??= handle.close().finally(remove)
    await closing
  }

  try {
    return { label, readAt, head: await readHead(readAt), size: (await handle.stat()).size, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Opens a FIFO without blocking and reads it through a socket, so that an interrupt can end the wait for a writer. Returns
 * undefined for any other file, and on systems other than Linux, where a FIFO without writers may look as if it had ended.
 */
async function openFifo(path: string): Promise<Readable | undefined> {
  if (process.platform !== 'linux' || !(await stat(path)).isFIFO()) return undefined
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false })
}

/** Reads the first bytes of the input, in several reads where one read returns fewer bytes than were asked for. */
async function readHead(readAt: ReadAt): Promise<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES)
  let length = 0
  for (;;) {
    const bytesRead = await readAt(head, length, HEAD_BYTES - length, length)
    length += bytesRead
    if (bytesRead === 0 || length === HEAD_BYTES) return head.subarray(0, length)
  }
}

/** Turns an error of the file system into the error that the user sees. */
function describeOpenError(error: unknown, label: string): ServiceError {
  if (isServiceError(error)) return error
  return inputInvalid(`${label}: ${describeReadError(error)}`, error)
}
