/** Writes the files that options such as `--out` name: whole or not at all, and through what is no plain file. */
import { randomBytes } from 'node:crypto'
import { constants, openSync, type Stats } from 'node:fs'
import { copyFile, type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_PATH, printable } from '../../catalogue/problem-report.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { findTarget, type OutputTarget, UnusableOutput } from './output-target.ts'
import { say, writeStream } from './terminal.ts'

export interface OutputOptions {
  /** The option by which the user named the file, for messages. */
  readonly option: string
  /** Whether a file that is there already is refused. */
  readonly mustBeNew?: boolean
  /** The mode of a new file before the umask; an existing file keeps its own. Default 0666. */
  readonly mode?: number
  /** An abort ends the wait for a reader, with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

export type Append = (text: string | Uint8Array) => Promise<void>

const READER_POLL_MS = 50

/**
 * Writes an output: the callback `write` gets a function that appends text, and its result is returned. A plain file is replaced
 * once the new text is complete, and keeps its mode, its owner and the links that lead to it; a pipe or a device is written as it
 * is, and "-" is standard output. Resolves with undefined where the reader of a pipe closed its end before the end. Rejects with
 * ServiceError input-invalid, which names the way out, where the output cannot be written; a file that was there is then unchanged.
 */
export async function writeOutput<T>(
  name: string,
  write: (append: Append) => Promise<T>,
  options: OutputOptions,
): Promise<T | undefined> {
  const refuse = refusalOf(name, options.option)
  const target = await findTarget(name).catch(refuse)
  if (target.kind === 'file') {
    return await replaceFile(target, write, options, refusalOf(name, options.option, target.path))
  }
  const through = await openThrough(target, name, options).catch(refuse)
  try {
    const result = await write(through.append)
    await through.close()
    return result
  } catch (error) {
    await through.close().catch(() => undefined)
    if (error instanceof ReaderClosedError) return undefined
    throw error
  }
}

/** An output to which parts are added as they come, so that what was added stays where the program ends early. */
export interface GrowingOutput {
  /** Adds a part whole or not at all. Rejects with ServiceError input-invalid. */
  readonly append: Append
  close(): Promise<void>
}

/** Opens an output that grows. A plain file must be new. */
export async function openGrowingOutput(name: string, options: OutputOptions): Promise<GrowingOutput> {
  const refuse = refusalOf(name, options.option)
  const target = await findTarget(name).catch(refuse)
  if (target.kind !== 'file') return await openThrough(target, name, options).catch(refuse)
  const refuseAt = refusalOf(name, options.option, target.path)
  if (target.found !== null) refuseAt(new ExistingFile())
  const handle = await open(target.path, 'wx', options.mode).catch(refuseAt)
  let size = 0
  return {
    append: async (text) => {
      try {
        await handle.appendFile(text)
        size += Buffer.byteLength(text)
      } catch (error) {
        // A full disk takes a part of the text, which nobody could read.
        await handle.truncate(size).catch(() => undefined)
        refuseAt(error)
      }
    },
    close: () => handle.close(),
  }
}

/** Rejects with ServiceError input-invalid where the output cannot be written, as far as that shows before its first byte. */
export async function checkOutput(name: string, { option }: OutputOptions): Promise<void> {
  await findTarget(name).catch(refusalOf(name, option))
}

/** Whether the name is that of a plain file that is there already. */
export async function isExistingFile(name: string): Promise<boolean> {
  const target = await findTarget(name).catch(() => undefined)
  return target?.kind === 'file' && target.found !== null
}

/** Whether two names mean the same file, perhaps by links. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((name) => stat(name).catch(() => undefined)))
  if (first === undefined || second === undefined) return resolve(one) === resolve(other)
  return first.isFile() && first.dev === second.dev && first.ino === second.ino
}

/** The reason to refuse a file that is there already. */
class ExistingFile extends Error {}

type Refuse = (error: unknown) => never

async function replaceFile<T>(
  { path, found }: OutputTarget & { readonly kind: 'file' },
  write: (append: Append) => Promise<T>,
  { mustBeNew = false, mode = 0o666 }: OutputOptions,
  refuse: Refuse,
): Promise<T> {
  if (mustBeNew && found !== null) refuse(new ExistingFile())
  // Nobody can foresee the name and lay a link there, and the flag x follows none.
  const partial = join(dirname(path), `.classify-${randomBytes(8).toString('hex')}.partial`)
  const handle = await open(partial, 'wx', found === null ? mode : 0o600).catch(refuse)
  try {
    const result = await write((text) => handle.appendFile(text).catch(refuse))
    if (found !== null) await giveModeAndOwner(handle, found).catch(refuse)
    // A full disk or a lost connection to a file server may show only here, or at the close.
    await handle.sync().catch(refuse)
    await handle.close().catch(refuse)
    if (mustBeNew) await link(partial, path).catch(refuse)
    else await rename(partial, path).catch((error) => copyOver(partial, path, error).catch(refuse))
    return result
  } finally {
    await handle.close().catch(() => undefined)
    await rm(partial, { force: true })
  }
}

/** Writes over a file that cannot be replaced, because it is mounted by itself, as Docker mounts single files. */
async function copyOver(partial: string, path: string, error: NodeJS.ErrnoException): Promise<void> {
  if (error.code !== 'EBUSY' && error.code !== 'EXDEV') throw error
  await copyFile(partial, path)
}

/** Gives a file what `old` has. Where its group cannot be given, the group gets no more rights than everybody has. */
async function giveModeAndOwner(handle: FileHandle, old: Stats): Promise<void> {
  const own = await handle.stat()
  const isGiven = async (uid: number, gid: number) => {
    return await handle.chown(uid, gid).then(
      () => true,
      () => false,
    )
  }
  const hasGroup =
    (own.uid === old.uid && own.gid === old.gid) ||
    (await isGiven(old.uid, old.gid)) ||
    (await isGiven(own.uid, old.gid))
  const mode = old.mode & 0o777
  await handle.chmod(hasGroup ? mode : (mode & 0o707) | ((mode & 0o007) << 3))
}

async function openThrough(
  target: Exclude<OutputTarget, { kind: 'file' }>,
  name: string,
  { option, signal = new AbortController().signal }: OutputOptions,
): Promise<GrowingOutput> {
  const refuse = refusalOf(name, option)
  if (target.kind === 'stream') {
    return { append: (text) => appendTo(target.stream, text, signal).catch(refuse), close: async () => undefined }
  }
  if (target.kind === 'open') {
    const handle = await open(target.path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY)
    return { append: (text) => handle.appendFile(text).catch(refuse), close: () => handle.close() }
  }
  const fifo = await openFifo(target.path, name, signal)
  const socket = new Socket({ fd: fifo, readable: false, writable: true })
  socket.on('error', () => undefined)
  return {
    append: (text) => appendTo(socket, text, signal).catch(refuse),
    close: () => new Promise((done) => (socket.destroyed ? done() : socket.end(() => done()))),
  }
}

/** Opens a pipe once something reads it. The open does not block, because a thread that hangs in it would keep the program alive. */
async function openFifo(path: string, name: string, signal: AbortSignal): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (codeOf(error) !== 'ENXIO') throw error
    }
    if (attempt === 1_000 / READER_POLL_MS) say(`Waiting until something reads ${printable(name, MAX_PATH)} …`)
    await sleep(READER_POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

class ReaderClosedError extends Error {}

async function appendTo(stream: NodeJS.WritableStream, text: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (!(await writeStream(stream, text, signal))) throw new ReaderClosedError()
}

/** Builds the function that throws, for what went wrong with an output, the sentence that says how to go on. */
function refusalOf(name: string, option: string, path: string = name): Refuse {
  return (error) => {
    if (error instanceof ServiceError || error instanceof ReaderClosedError) throw error
    if (error instanceof Error && error.name === 'AbortError') throw error
    const shown = `${option} ${printable(name, MAX_PATH)}`
    const isThere = error instanceof ExistingFile || codeOf(error) === 'EEXIST'
    const message = isThere
      ? `${shown} exists already: name a new file, so that nothing that it holds is lost`
      : `${shown} cannot be written: ${faultOf(path, error)}`
    throw new ServiceError('input-invalid', message, { cause: error })
  }
}

function faultOf(path: string, error: unknown): string {
  if (error instanceof UnusableOutput) return error.message
  const folder = printable(dirname(resolve(path)), MAX_PATH)
  const code = codeOf(error)
  switch (code) {
    case 'ENOTDIR':
      return `${folder} is no folder: name a file in another folder (${code})`
    case 'EACCES':
    case 'EPERM':
      return `this user may not write there: name a file in a folder of your own (${code})`
    case 'EROFS':
      return `the folder ${folder} is read-only: name a file in another folder (${code})`
    case 'ENOSPC':
    case 'EDQUOT':
      return `there is no room left in ${folder}: make room, or name a file on another disk (${code})`
    default:
      return printable(messageOf(error), MAX_PATH)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
