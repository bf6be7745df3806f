/** Runs a program that finds a disk of a few kilobytes, or a read-only one, at a folder, in a mount namespace of its own. */
import { execFile } from 'node:child_process'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface MountedRun {
  /** The folder over which the disk is mounted; only the program sees it. */
  readonly at: string
  /** Options of `mount -t tmpfs`, such as size=64k. */
  readonly options: string
  /** A line of shell that runs once the disk is there and before the program, such as "mount -o remount,ro .". */
  readonly prepare?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs `command` with the disk. Nothing is left to unmount: the disk goes with the process. */
export async function runWithDisk(command: readonly string[], run: MountedRun): Promise<Ended> {
  const script = `mount -t tmpfs -o "$1" tmpfs "$2" && cd "$2" && ${run.prepare ?? ':'} && cd "$3" && shift 3 && exec "$@"`
  const shell = ['sh', '-c', script, 'sh', run.options, run.at, run.cwd ?? '/', ...command]
  const { PATH = '', HOME = '' } = process.env
  return await new Promise((resolve) => {
    const args = ['--map-root-user', '--mount', '--', ...shell]
    execFile('unshare', args, { env: { PATH, HOME, ...run.env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}
