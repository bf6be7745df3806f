/** The inputs of a person's work beside the database: the file that was filled in, and the name of the person. */
import { open, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { InvalidArgumentError } from 'commander'
import { cleanText } from '../../classification/clean-text.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { formatCount } from '../ui/terminal.ts'
import { MAX_REVIEW_BYTES } from './review-file.ts'

const MAX_NAME_LENGTH = 100

/** Parses the value of --by. */
export function personName(text: string): string {
  const name = cleanText(text).replace(/\s+/g, ' ')
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw new InvalidArgumentError(`It must be a name of 1 to ${MAX_NAME_LENGTH} characters.`)
  }
  return name
}

/** The name of the system's user, for a command that was told no other. */
export function systemUser(): string {
  try {
    return personName(userInfo().username)
  } catch (error) {
    const message = 'The current system user has no name: say with --by NAME who decided'
    throw new ServiceError('input-invalid', message, { cause: error })
  }
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
