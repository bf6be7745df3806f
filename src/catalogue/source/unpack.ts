/** Turns an opened input into plain UTF-8 text, or names the binary format that it is: unpacks gzip and zstd, and decodes other encodings. */
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { messageOf } from '../../errors.ts'
import { inputInvalid, printable } from '../problem-report.ts'
import type { ReadAt } from '../record-splitter.ts'
import { encodingNamed, encodingOf, UTF8 } from './encoding.ts'
import { type Container, containerOf, HEAD_BYTES, isOldMac, refuseUnreadable } from './file-detection.ts'
import { type InputFile, inputFileOf } from './input-file.ts'
import { type SpoolOptions, spool } from './spool.ts'

/** Data that unpacks to more than so many bytes must not be denser than MAX_RATIO, as only made-up data is. */
const FREE_BYTES = 268_435_456
const MAX_RATIO = 400

/** An input whose bytes can be read by position: text in UTF-8, or a workbook or Parquet file as it is. */
export interface PlainFile extends InputFile {
  readonly kind: 'text' | 'xlsx' | 'parquet'
  readonly compression: 'gzip' | 'zstd' | undefined
  /** The encoding in which the file came, such as "utf-8" or "windows-1252"; "binary" for what is no text. */
  readonly encoding: string
  /** The position of the first byte of the text, behind a byte order mark. */
  readonly start: number
}

export interface UnpackOptions extends SpoolOptions {
  /** The encoding that the user named; else it is found by the bytes. */
  readonly encoding?: string | undefined
}

/**
 * Unpacks and decodes the input, through a private temporary file where its bytes are not the text already. The result owns the
 * input: its `close` closes both, and a failure closes the input.
 */
export async function unpack(input: InputFile, options: UnpackOptions): Promise<PlainFile> {
  let file = input
  const through = async (chunks: AsyncIterable<Buffer>) => {
    const next = await inputFileOf(await spool(Readable.from(chunks), input.label, options), input.label)
    await file.close()
    file = next
  }
  try {
    refuseUnreadable(file.head, file.label)
    const packed = containerOf(file.head, file.label)
    const compression = packed === 'gzip' || packed === 'zstd' ? packed : undefined
    if (compression !== undefined) {
      await through(unpacked(file, compression))
      refuseUnreadable(file.head, file.label)
    }
    const kind = kindOf(containerOf(file.head, file.label), file.label)
    if (kind !== 'text') return { ...file, kind, compression, encoding: 'binary', start: 0 }
    const encoding =
      options.encoding === undefined ? await encodingOf(file.readAt, file.head) : encodingNamed(options.encoding)
    if (encoding !== UTF8) await through(decoded(file.readAt, encoding))
    if (isOldMac(file.head)) await through(withLineFeeds(file.readAt))
    const start = file.head.toString('hex', 0, 3) === 'efbbbf' ? 3 : 0
    return { ...file, kind, compression, encoding, start }
  } catch (error) {
    await file.close()
    throw error
  }
}

function kindOf(container: Container | undefined, label: string): PlainFile['kind'] {
  if (container === 'gzip' || container === 'zstd')
    throw inputInvalid(`${label}: the file is packed twice. Unpack it once: gunzip -c FILE > NEW-FILE`)
  return container ?? 'text'
}

/** Yields the bytes of a file from its beginning, in new buffers. */
async function* chunksOf(readAt: ReadAt): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const buffer = Buffer.allocUnsafe(HEAD_BYTES)
    const read = await readAt(buffer, 0, HEAD_BYTES, position)
    if (read === 0) return
    position += read
    yield buffer.subarray(0, read)
  }
}

async function* unpacked(file: InputFile, compression: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  let size = 0
  const source = Readable.from(chunksOf(file.readAt))
  const unpacker = compression === 'gzip' ? createGunzip() : createZstdDecompress()
  source.on('error', (error) => unpacker.destroy(error))
  try {
    for await (const chunk of source.pipe(unpacker)) {
      size += chunk.length
      if (size > FREE_BYTES && size > MAX_RATIO * file.size) {
        throw inputInvalid(
          `${file.label}: it unpacks to more than ${MAX_RATIO} times its size, which no table does. ` +
            'Unpack it yourself, and look at what it holds',
        )
      }
      yield chunk
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_|ERR_)/.test(String(error.code))) {
      const cause = printable(messageOf(error))
      throw inputInvalid(`${file.label}: the ${compression} data is broken (${cause}). Copy or pack it anew`, error)
    }
    throw error
  } finally {
    source.destroy()
    unpacker.destroy()
  }
}

async function* decoded(readAt: ReadAt, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of chunksOf(readAt)) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

async function* withLineFeeds(readAt: ReadAt): AsyncGenerator<Buffer> {
  for await (const chunk of chunksOf(readAt)) {
    for (let at = chunk.indexOf(0x0d); at >= 0; at = chunk.indexOf(0x0d, at + 1)) chunk[at] = 0x0a
    yield chunk
  }
}
