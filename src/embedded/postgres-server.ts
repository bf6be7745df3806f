/** The process of the embedded PostgreSQL server: its settings, its start and its stop. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { type Cluster, SERVER_ENV } from './postgres-cluster.ts'
import { buildCommandAs } from './postgres-user.ts'

export const POSTGRES_HOST = '127.0.0.1'

/**
 * Settings of a small server for one machine. `synchronous_commit` and `fsync` keep their defaults, so that what was
 * committed survives a power cut.
 */
const SETTINGS: Readonly<Record<string, string | number>> = {
  listen_addresses: POSTGRES_HOST,
  // No socket file is used, because its path may have about 100 bytes at most and DATA_DIR can be longer; clients use
  // TCP.
  unix_socket_directories: '',
  max_connections: 50,
  shared_buffers: '256MB',
  huge_pages: 'off',
  max_wal_size: '2GB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  // PostgreSQL starts three processes more under its default, io_method=worker.
  io_method: 'sync',
  max_parallel_workers_per_gather: 0,
  jit: 'off',
  // A transaction that a console has left open would hold up what needs its locks.
  idle_in_transaction_session_timeout: '60s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  // Failed statements and the details of errors stay out of the log, because they would quote rows.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

export interface PostgresExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ServerProcess {
  readonly child: ChildProcess
  readonly pid: number
  /** Resolves when the process has ended, also where it could not be started. */
  readonly exited: Promise<PostgresExit>
  /** The end of what the server printed, at most 2,000 characters, for messages about a failed start. */
  readonly output: () => string
}

/** Starts the server process in a process group of its own. Its output goes to `log` at level debug. */
export function spawnServer(
  cluster: Cluster,
  port: number,
  options: { readonly log: Logger; readonly settings?: Readonly<Record<string, string | number>> },
): ServerProcess {
  const settings = Object.entries({ ...SETTINGS, ...options.settings, port })
  const args = ['-D', cluster.directory, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const command = buildCommandAs(cluster.runAs, cluster.postgresBinary, args)
  const child = spawn(command.file, command.args, {
    cwd: cluster.directory,
    env: SERVER_ENV,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...command.ids,
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-2_000)
    for (const line of text.split('\n')) if (line.trim() !== '') options.log.debug({ line }, 'Output of PostgreSQL')
  })
  const { promise: exited, resolve } = Promise.withResolvers<PostgresExit>()
  child.on('exit', (code, signal) => resolve({ code, signal }))
  child.on('error', (error) => {
    output += messageOf(error)
    if (child.pid === undefined) resolve({ code: null, signal: null })
  })
  return { child, pid: child.pid ?? 0, exited, output: () => output.trim() }
}

/** Ends the server by SIGINT, PostgreSQL's fast shutdown, and by SIGKILL after `timeoutMs`. Resolves when it has ended. */
export async function stopServer(server: ServerProcess, timeoutMs: number): Promise<void> {
  server.child.kill('SIGINT')
  const killer = setTimeout(() => server.child.kill('SIGKILL'), timeoutMs)
  await server.exited
  clearTimeout(killer)
}
