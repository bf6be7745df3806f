/** Finds out what the name of an output means: a file that is replaced, or a pipe or device that is written through. */
import { constants, type Stats } from 'node:fs'
import { access, lstat, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { MAX_PATH, printable } from '../../catalogue/problem-report.ts'

export type OutputTarget =
  /** A plain file, or a name that is free. `path` has no link in it. */
  | { readonly kind: 'file'; readonly path: string; readonly found: Stats | null }
  /** A device, or a file that a shell has opened for this process. */
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'fifo'; readonly path: string }
  | { readonly kind: 'stream'; readonly stream: NodeJS.WriteStream }

/** The system follows no more links than this either. */
const MOST_LINKS = 40
const STICKY = 0o1000
const WRITABLE_BY_OTHERS = 0o002

/** The reason why a name is refused, in words for the person who gave it. */
export class UnusableOutput extends Error {}

/** Whether a name means standard output, as "-" and /dev/stdout do. */
export function isStdout(name: string): boolean {
  return name === '-' || descriptorOf(resolve(name)) === 1
}

/** Rejects with UnusableOutput, or with the error of the system. */
export async function findTarget(name: string): Promise<OutputTarget> {
  if (name === '-') return { kind: 'stream', stream: process.stdout }
  if (/[/\\]$/.test(name)) throw new UnusableOutput('it names a folder: name a file in it')
  let at = resolve(name)
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    const open = await openTargetOf(at)
    if (open !== undefined) return open
    const folder = await folderOf(at)
    at = join(folder, basename(at))
    const opened = await openTargetOf(at)
    if (opened !== undefined) return opened
    const found = await lstatIfThere(at)
    if (found === null || !found.isSymbolicLink()) return await targetOf(at, found)
    await checkLink(folder, found)
    at = resolve(folder, await readlink(at))
  }
  throw new UnusableOutput('its links lead round in a circle: name the file itself')
}

async function targetOf(path: string, found: Stats | null): Promise<OutputTarget> {
  if (found === null) return { kind: 'file', path, found }
  if (found.isFile()) {
    // The file is replaced through its folder, so that the system would not ask whether it may be written.
    await access(path, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES') throw error
      throw new UnusableOutput('it may not be written by this user: name another file, or allow it (chmod u+w)')
    })
    return { kind: 'file', path, found }
  }
  if (found.isFIFO()) return { kind: 'fifo', path }
  if (found.isCharacterDevice()) return { kind: 'open', path }
  if (found.isDirectory()) throw new UnusableOutput('it is a folder: name a file in it')
  const what = found.isSocket() ? 'a socket' : 'a disk'
  throw new UnusableOutput(`it is ${what}, which would not keep the text as a file: name a file`)
}

/** The number behind a name of an open file of this process, such as /dev/stdout, /dev/fd/63 or /proc/self/fd/1. */
function descriptorOf(path: string): number | undefined {
  const named = ['/dev/stdin', '/dev/stdout', '/dev/stderr'].indexOf(path)
  if (named >= 0) return named
  const [, pid, number] = /^\/(?:dev|proc\/(self|\d+))\/fd\/(\d+)$/.exec(path) ?? []
  if (number === undefined) return undefined
  return pid === undefined || pid === 'self' || Number(pid) === process.pid ? Number(number) : undefined
}

/** An output that is open already; undefined where the name is another one. */
async function openTargetOf(path: string): Promise<OutputTarget | undefined> {
  const descriptor = descriptorOf(path)
  if (descriptor === undefined) return undefined
  if (descriptor === 1) return { kind: 'stream', stream: process.stdout }
  if (descriptor === 2) return { kind: 'stream', stream: process.stderr }
  const found = await stat(path).catch(() => {
    throw new UnusableOutput('it names no open file of this command: name a file')
  })
  return found.isFile() ? { kind: 'open', path } : await targetOf(path, found)
}

/** The folder of a file, without links in its path. */
async function folderOf(path: string): Promise<string> {
  const folder = dirname(path)
  return await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    const shown = printable(folder, MAX_PATH)
    throw new UnusableOutput(`the folder ${shown} does not exist: make it (mkdir -p), or name a file in another folder`)
  })
}

async function lstatIfThere(path: string): Promise<Stats | null> {
  return await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/**
 * Refuses a link that another user has laid in a folder where everybody may write, as the system does for programs that open such
 * a link: it could lead to any file of this user.
 */
async function checkLink(folder: string, link: Stats): Promise<void> {
  const { mode, uid } = await stat(folder)
  const isShared = (mode & STICKY) !== 0 && (mode & WRITABLE_BY_OTHERS) !== 0
  if (!isShared || link.uid === uid || link.uid === process.geteuid?.()) return
  throw new UnusableOutput('it is a link of another user in a shared folder: name the file itself')
}
