/** Copies a folder with owners, modes and times, and lists what it holds with the hash of each file. */
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { chmod, copyFile, lchown, lstat, mkdir, readdir, readlink, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of a backup by its path below the folder of the data. */
export interface CopiedFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** Copies the folder `from` to `to`, which must be new. Sockets and pipes are left out, as is what `leavesOut` names. */
export async function copyTree(
  from: string,
  to: string,
  { signal, leavesOut = () => false }: { readonly signal: AbortSignal; readonly leavesOut?: (name: string) => boolean },
): Promise<void> {
  const stats = await lstat(from)
  await mkdir(to, { mode: 0o700 })
  for (const name of await readdir(from)) {
    signal.throwIfAborted()
    if (leavesOut(name)) continue
    const [source, target] = [join(from, name), join(to, name)]
    const entry = await lstat(source)
    if (entry.isDirectory()) await copyTree(source, target, { signal })
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else if (entry.isFile()) {
      await copyFile(source, target)
      await giveRights(target, entry)
    }
  }
  await giveRights(to, stats)
}

/** PostgreSQL of the embedded stack may run as another user than this one, so that owners are kept where this user may give them. */
async function giveRights(path: string, { uid, gid, mode, atime, mtime }: Stats): Promise<void> {
  if (process.getuid?.() === 0) await lchown(path, uid, gid)
  await chmod(path, mode & 0o7777)
  await utimes(path, atime, mtime)
}

/** All files below a folder, sorted by path. */
export async function listTree(folder: string, signal: AbortSignal): Promise<CopiedFile[]> {
  const files: CopiedFile[] = []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const path of paths.toSorted()) {
    signal.throwIfAborted()
    files.push({ path: path.slice(folder.length + 1), ...(await readHash(path)) })
  }
  return files
}

async function readHash(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const part of createReadStream(path)) {
    hash.update(part)
    bytes += part.length
  }
  return { bytes, sha256: hash.digest('hex') }
}
