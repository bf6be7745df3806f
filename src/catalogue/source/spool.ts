/** Keeps what can be read only once, such as a pipe, in a private temporary file, so that it can be read twice by position. */
import type { FileHandle } from 'node:fs/promises'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { isServiceError, messageOf } from '../../errors.ts'
import { MAX_SPOOL_BYTES } from '../limits.ts'
import { inputInvalid, printable } from '../problem-report.ts'
import { HEAD_BYTES, refuseUnreadable } from './file-detection.ts'

const MAX_LABEL = 300

export interface SpoolOptions {
  readonly tmpDir?: string | undefined
  readonly maxSpoolBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** An open file, with what has to be done after it is closed. */
export interface OpenFile {
  readonly handle: FileHandle
  remove(): Promise<void>
}

/**
 * Copies a pipe to a file of mode 0600 in a new directory. Where the system allows it, the file's name is removed at once,
 * so that the data is gone after the process ends in whatever way.
 */
export async function spool(stream: Readable, label: string, options: SpoolOptions): Promise<OpenFile> {
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
