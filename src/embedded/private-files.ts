/** Files and folders that only their owner may enter and read, whatever the umask is and whatever mode they had before. */
import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { chmod, chown, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600
/** The mode of a private folder through which one group may pass, without seeing what is in it. */
const PASSAGE = 0o710
/** The rights of the group and of everybody. */
const OF_OTHERS = 0o077

/**
 * Makes a folder where it is missing, and takes its rights from everybody but its owner. Resolves with false where this user may not
 * change them, because the folder belongs to another one or the disk knows no rights.
 */
export async function makePrivateFolder(path: string): Promise<boolean> {
  // Folders above are made as every program makes them.
  await mkdir(dirname(path), { recursive: true })
  await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER })
  return await tighten(path)
}

/** Writes a file that only its owner may read. With the flag "wx" it must be new. */
export async function writePrivateFile(path: string, text: string, flag: 'w' | 'wx' = 'w'): Promise<void> {
  await write(path, text, flag, PRIVATE_FILE)
}

/**
 * Puts a file in the place of the one at `path`, so that a process that reads it at the same time sees the whole old text or the
 * whole new text. Others may read it where `mode` says so. Nothing of it stays behind where that fails.
 */
export async function replaceFile(path: string, text: string, mode = PRIVATE_FILE): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.partial`
  try {
    await write(draft, text, 'wx', mode)
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}

async function write(path: string, text: string, flag: 'w' | 'wx', mode: number): Promise<void> {
  const handle = await open(path, flag, mode)
  try {
    await handle.chmod(mode)
    await handle.writeFile(text)
  } finally {
    await handle.close()
  }
}

/**
 * Takes the rights of others from all that is in a folder, as an earlier release or another program left it. Resolves with the paths
 * whose rights this user may not change.
 */
export async function tightenFolder(folder: string): Promise<string[]> {
  const failed: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    // A link may lead out of the folder, and a socket is closed by the folder around it.
    if (!(entry.isFile() || entry.isDirectory())) continue
    if (!(await tighten(path))) failed.push(path)
    if (entry.isDirectory()) failed.push(...(await tightenFolder(path)))
  }
  return failed
}

/** Lets the group `gid` pass through a private folder to folders of its own. */
export async function openPassage(folder: string, gid: number): Promise<void> {
  const { uid } = await stat(folder)
  await chown(folder, uid, gid)
  await chmod(folder, PASSAGE)
}

/** Takes the rights of others from a file or folder, where it is there. Resolves with whether they have none any more. */
export async function tighten(path: string): Promise<boolean> {
  const found = await statOf(path)
  // A file may be gone again, as temporary ones are, and a link has no rights of its own.
  if (found === undefined || found.isSymbolicLink() || isPassage(found)) return true
  const wanted = found.isDirectory() ? PRIVATE_FOLDER : PRIVATE_FILE
  if ((found.mode & OF_OTHERS) === 0 && (found.mode & wanted) === wanted) return true
  await chmod(path, wanted).catch(() => undefined)
  return (((await statOf(path))?.mode ?? 0) & OF_OTHERS) === 0
}

async function statOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch(() => undefined)
}

/** Whether `openPassage` has opened the folder. Root's own group needs no passage, so that its number tells the two apart. */
function isPassage({ mode, uid, gid }: Stats): boolean {
  return (mode & 0o777) === PASSAGE && uid === 0 && gid !== 0
}
