/** Reads review files from disk or standard input, and keeps files with decisions from being overwritten. */
import { open, stat } from 'node:fs/promises'
import { describeReadError } from '../../catalogue/read-error.ts'
import { isServiceError, ServiceError } from '../../errors.ts'
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
  const label = file === '-' ? 'standard input' : file
  const refuseLarger = (size: number) => {
    if (size <= MAX_REVIEW_BYTES) return
    const most = `${formatCount(MAX_REVIEW_BYTES / 1_000_000)} MB, the most for a review file`
    throw new ServiceError('input-invalid', `${label}: is larger than ${most}`)
  }
  const parts: Buffer[] = []
  let size = 0
  try {
    if (file !== '-') refuseLarger((await stat(file)).size)
    const source = file === '-' ? process.stdin : (await open(file)).createReadStream()
    for await (const part of source) {
      const bytes = Buffer.from(part)
      size += bytes.length
      refuseLarger(size)
      parts.push(bytes)
    }
  } catch (error) {
    if (isServiceError(error)) throw error
    throw new ServiceError('input-invalid', `${label}: ${describeReadError(error)}`, { cause: error })
  }
  return Buffer.concat(parts)
}
