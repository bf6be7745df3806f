/** Reads review files from disk or standard input, and keeps files with decisions from being overwritten. */
import { open, stat } from 'node:fs/promises'
import { messageOf, ServiceError } from '../../errors.ts'
import { isExistingFile } from '../ui/output-file.ts'
import { formatCount } from '../ui/terminal.ts'
import { MAX_REVIEW_BYTES } from './review-file.ts'

/** Rejects where the review file exists, because it may hold decisions that nobody has stored yet. */
export async function requireNoFile(out: string): Promise<void> {
  if (!(await isExistingFile(out))) return
  const message = `--out: ${out} exists already and may hold decisions: name a new file, or remove it`
  throw new ServiceError('input-invalid', message)
}

/** Reads a review file, or standard input where `file` is "-", up to the largest allowed size of a review file. */
export async function readWhole(file: string): Promise<Buffer> {
  const tooLarge = `it is larger than ${formatCount(MAX_REVIEW_BYTES / 1_000_000)} MB, the most for a review file`
  const parts: Buffer[] = []
  let size = 0
  try {
    if (file !== '-' && (await stat(file)).size > MAX_REVIEW_BYTES) throw new Error(tooLarge)
    const source = file === '-' ? process.stdin : (await open(file)).createReadStream()
    for await (const part of source) {
      const bytes = Buffer.from(part)
      size += bytes.length
      if (size > MAX_REVIEW_BYTES) throw new Error(tooLarge)
      parts.push(bytes)
    }
  } catch (error) {
    throw new ServiceError('input-invalid', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  return Buffer.concat(parts)
}
