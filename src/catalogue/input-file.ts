/** Opens the input of a command so that it can be read twice by position: a file as it is, a pipe through a temporary file. */
import { constants, openSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { isServiceError, messageOf, type ServiceError } from '../errors.ts'
import { HEAD_BYTES, refuseUnreadable } from './file-detection.ts'
import { inputInvalid, printable } from './problem-report.ts'
import { describeReadError } from './read-error.ts'
import type { ReadAt } from './record-splitter.ts'
import { MAX_SPOOL_BYTES } from './types.ts'

const MAX_LABEL = 300

/** The opened input of a command, which is a file or the copy of a pipe. */
export interface InputFile {
  /** The path as messages show it, or "standard input". */
  readonly label: string
  readonly readAt: ReadAt
  /** The first bytes of the input, at most HEAD_BYTES of them. */
  readonly head: Buffer
  close(): Promise<void>
}

export interface InputFileOptions {
  readonly stdin?: Readable | undefined
  readonly tmpDir?: string | undefined
  readonly maxSpoolBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface OpenFile {
  readonly handle: FileHandle
  remove(): Promise<void>
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

  const { handle, remove } = file
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
    return { label, readAt, head: await readHead(readAt), close }
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

/**
 * Copies a pipe to a file of mode 0600 in a new directory. Where the system allows it, the file's name is removed at once,
 * so that the data is gone after the process ends in whatever way.
 */
async function spool(stream: Readable, label: string, options: InputFileOptions): Promise<OpenFile> {
  const parent = options.tmpDir ?? tmpdir()
  const maxBytes = options.maxSpoolBytes ?? MAX_SPOOL_BYTES
  let directory: string | undefined
  let handle: FileHandle | undefined
  const abort = () => stream.destroy(options.signal?.reason)
  options.signal?.addEventListener('abort', abort, { once: true })
  const remove = async () => {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }
  try {
    options.signal?.throwIfAborted()
    directory = await mkdtemp(join(parent, 'classify-'))
    handle = await open(join(directory, 'catalogue'), 'wx+', 0o600)
    if (process.platform !== 'win32') await remove()
    let size = 0
    let isHeadChecked = false
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      size += bytes.length
      if (size > maxBytes) {
        throw inputInvalid(`${label}: more than ${maxBytes} bytes; save it to a file and give the name of the file`)
      }
      await handle.appendFile(bytes)
      if (!isHeadChecked && size >= HEAD_BYTES) {
        isHeadChecked = true
        const head = Buffer.alloc(HEAD_BYTES)
        await handle.read(head, 0, HEAD_BYTES, 0)
        // A device such as /dev/zero never ends, so the first bytes of a device are checked before its copy fills the disk.
        refuseUnreadable(head, label)
      }
    }
    return { handle, remove }
  } catch (error) {
    stream.destroy()
    await handle?.close()
    await remove()
    if (isServiceError(error)) throw error
    throw inputInvalid(
      `${label}: could not be stored in ${printable(parent, MAX_LABEL)}: ${printable(messageOf(error), MAX_LABEL)}. ` +
        'Save it to a file and give the name of the file',
      error,
    )
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

/** Turns an error of the file system into the error that the user sees. */
function describeOpenError(error: unknown, label: string): ServiceError {
  if (isServiceError(error)) return error
  return inputInvalid(`${label}: ${describeReadError(error)}`, error)
}
