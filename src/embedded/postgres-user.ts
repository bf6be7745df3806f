/** The system user that the embedded PostgreSQL runs as: PostgreSQL refuses to run as root, and containers often are root. */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { messageOf, ServiceError } from '../errors.ts'
import { openPassage } from './private-files.ts'

/**
 * The user of the server. `ourselves`: the user of this process, where that is not root. `user`: the system user
 * `postgres`. `namespace`: root under another number inside a Linux user namespace, for directories that `postgres` may
 * not enter.
 */
export type RunAs =
  | { readonly kind: 'ourselves' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' }

/** A program with its arguments, and the user and group numbers that `spawn` has to set. */
export interface CommandAs {
  readonly file: string
  readonly args: readonly string[]
  readonly ids: { uid?: number; gid?: number }
}

interface UserIds {
  readonly uid: number
  readonly gid: number
}

/**
 * Arguments of `unshare`. Root appears as user 1000 in the namespace and owns its files there; any number but 0 would
 * do.
 */
const NAMESPACE_ARGS = ['--user', '--map-user=1000', '--map-group=1000']

const run = promisify(execFile)

/** The command that runs `file` as `runAs`. In a namespace `unshare` replaces itself by `file`, so the pid is that of `file`. */
export function buildCommandAs(runAs: RunAs, file: string, args: readonly string[]): CommandAs {
  if (runAs.kind === 'user') return { file, args, ids: { uid: runAs.uid, gid: runAs.gid } }
  if (runAs.kind === 'ourselves') return { file, args, ids: {} }
  return { file: 'unshare', args: [...NAMESPACE_ARGS, '--', file, ...args], ids: {} }
}

/**
 * Chooses the user for a server that has to enter `directories`. The folder `dataDir`, which only its owner may enter, is opened to
 * the group of the user `postgres` where nothing else helps. Rejects with `ServiceError` embedded-failed where this process is root
 * and neither the user `postgres` nor a user namespace can run the server.
 */
export async function chooseRunAs(directories: readonly string[], dataDir: string): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { kind: 'ourselves' }
  const ids = await findOrMakeUser()
  let blocked = ids === undefined ? undefined : await findBlockedDirectory(directories, ids)
  if (ids !== undefined && blocked === undefined) return { kind: 'user', ...ids }
  if (await canUnshare()) return { kind: 'namespace' }
  if (ids !== undefined && blocked === dataDir) {
    await openPassage(dataDir, ids.gid)
    blocked = await findBlockedDirectory(directories, ids)
    if (blocked === undefined) return { kind: 'user', ...ids }
  }
  const reason =
    blocked === undefined
      ? 'the user "postgres" cannot be made'
      : `its user "postgres" may not enter ${blocked}, and this system grants no user namespaces`
  throw new ServiceError(
    'embedded-failed',
    `PostgreSQL does not run as root, and ${reason}: move the project and DATA_DIR to a directory that every user may enter, such as /srv, or run as another user`,
  )
}

/**
 * Gives the directory `root` and everything in it to the user of the server, because an earlier start may have run the
 * server as another user.
 */
export async function giveToUser(root: string, runAs: RunAs): Promise<void> {
  if (runAs.kind === 'ourselves') return
  const { uid, gid } = runAs.kind === 'user' ? runAs : { uid: 0, gid: 0 }
  if ((await stat(root)).uid === uid) return
  await run('chown', ['-R', `${uid}:${gid}`, root]).catch((error: unknown) => {
    const message = `Cannot hand ${root} to the user of PostgreSQL: ${messageOf(error)}`
    throw new ServiceError('embedded-failed', message, { cause: error })
  })
}

function canUnshare(): Promise<boolean> {
  return run('unshare', [...NAMESPACE_ARGS, '--', 'true']).then(
    () => true,
    () => false,
  )
}

/** The system user `postgres`, made where it is missing; undefined where it cannot be made. */
async function findOrMakeUser(): Promise<UserIds | undefined> {
  const found = await findUser('postgres')
  if (found !== undefined) return found
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']
  await run('useradd', args).catch(() => undefined)
  // A failed useradd is no proof that the user is missing, because another process may have made it at the same time.
  return await findUser('postgres')
}

async function findUser(user: string): Promise<UserIds | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])])
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) }
  } catch {
    return undefined
  }
}

/**
 * The first directory above one of `directories` that the user with `ids` may not enter. `directories` are not checked
 * themselves, because they are given to the user later.
 */
async function findBlockedDirectory(directories: readonly string[], ids: UserIds): Promise<string | undefined> {
  for (const directory of directories) {
    for (let at = dirname(directory); ; at = dirname(at)) {
      const { mode, uid, gid } = await stat(at)
      const enterBit = uid === ids.uid ? 0o100 : gid === ids.gid ? 0o010 : 0o001
      if ((mode & enterBit) === 0) return at
      if (at === dirname(at)) break
    }
  }
  return undefined
}
