/** What the user is told where a file cannot be opened or read. */
import { messageOf } from '../errors.ts'
import { printable } from './problem-report.ts'

const MAX_MESSAGE = 300

/** The sentence for the user, with the cause and the remedy, for each error code of the file system. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; check the name and the folder',
  ENOTDIR: 'there is no such file: a part of the path is not a folder',
  EISDIR: 'is a directory; name one file in it',
  EACCES: 'may not be read by this user; allow it: chmod u+r FILE, and the folders above',
  EPERM: 'may not be read by this user; allow it: chmod u+r FILE',
  EMFILE: 'too many files are open; raise the limit: ulimit -n',
  EIO: 'the disk gave a read error; copy the file to another place',
}

/** The sentence for an error of the file system, which follows the name of the file, with the code of the error. */
export function describeReadError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return `${REMEDIES[code] ?? `cannot be read: ${printable(messageOf(error), MAX_MESSAGE)}`} (${code})`
}
