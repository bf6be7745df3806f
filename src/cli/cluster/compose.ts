/** Runs Docker Compose and Docker on the cluster that this repository defines. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/config.ts'
import { composeEnvironment } from '../../config/environment.ts'
import { ServiceError } from '../../errors.ts'
import { findEngine, lastLine } from '../docker/engine.ts'
import { say } from '../ui/terminal.ts'

export const COMPOSE_FILE = 'docker-compose.cluster.yml'
/** The directory of the Compose file, which is the same in whatever directory the user calls a command. */
export const PROJECT_DIR = fileURLToPath(new URL('../../../', import.meta.url))
/**
 * The profiles of the Compose file. Each one has to be named, because Compose otherwise ignores its services even when
 * it stops or removes the cluster.
 */
const PROFILES = ['prometheus', 'grafana'] as const

/**
 * The place where the output of a program goes. `captured` puts the output into the result. `stderr` writes all of it
 * to stderr, because stdout is for the results of a command. `inherited` gives the program the stdout and stderr of
 * this process.
 */
export type Output = 'captured' | 'stderr' | 'inherited'

/** The exit of a program. The texts are empty unless the output was captured. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly output: Output
  /** Variables that the program gets in addition to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether Compose also acts on the services of all profiles; a call of `docker` ignores this option. */
  readonly allProfiles?: boolean
  /**
   * An abort of this signal sends SIGINT to the program, as Ctrl+C does; the call rejects with the signal's reason once
   * the program has ended.
   */
  readonly signal?: AbortSignal
}

export interface Compose {
  /** The engine for messages, as "context default, unix:///var/run/docker.sock". */
  readonly place: string
  /** Whether the engine is on another machine, so that nothing of this one says what its ports are. */
  readonly isRemote: boolean
  /** Runs `docker compose` with these arguments, and resolves whatever the exit code is. */
  run(args: readonly string[], options: RunOptions): Promise<CommandResult>
  /** Runs `docker` with these arguments, and resolves whatever the exit code is. */
  docker(args: readonly string[], options: RunOptions): Promise<CommandResult>
}

/**
 * Builds the arguments for Compose: the Compose file (unless COMPOSE_FILE names another one), the profiles where
 * wanted, and `args`.
 */
export function composeArguments(
  args: readonly string[],
  options: { readonly composeFile: string | undefined; readonly allProfiles: boolean },
): string[] {
  const file = options.composeFile === undefined ? ['-f', COMPOSE_FILE] : []
  const profiles = options.allProfiles ? PROFILES.flatMap((profile) => ['--profile', profile]) : []
  return [...file, ...profiles, ...args]
}

/**
 * Finds `docker compose`, or else `docker-compose`, and checks that the Docker engine answers. Rejects with
 * ServiceError cluster-failed whose message says what is missing and how to install it.
 */
export async function findCompose(config: Config, signal?: AbortSignal): Promise<Compose> {
  const quiet = { output: 'captured', ...(signal === undefined ? {} : { signal }) } as const
  const { program, place, warnings } = await findEngine((file, args) => tryStart(file, args, quiet))
  for (const warning of warnings) say(warning)
  const [file, ...first] = program
  return {
    place,
    isRemote: warnings.length > 0,
    run: async (args, options) => {
      const { composeFile } = config.cluster
      const all = [...first, ...composeArguments(args, { composeFile, allProfiles: options.allProfiles ?? false })]
      return await start(file, all, options)
    },
    docker: (args, options) => start('docker', args, options),
  }
}

/**
 * Returns `result` where the program succeeded. Otherwise throws ServiceError cluster-failed with the last line of the
 * program's stderr.
 */
export function requireSuccess(program: string, result: CommandResult): CommandResult {
  if (result.code === 0) return result
  const reason = lastLine(result.stderr)
  const message = `${program} failed (exit code ${result.code})${reason === '' ? '' : `: ${reason}`}`
  throw new ServiceError('cluster-failed', message)
}

/** Runs a program; resolves with undefined where the program does not exist. */
async function tryStart(
  file: string,
  args: readonly string[],
  options: RunOptions,
): Promise<CommandResult | undefined> {
  return await start(file, args, options).catch((error: unknown) => {
    options.signal?.throwIfAborted()
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}

/** A program that goes on after its SIGINT is killed after this many milliseconds. */
const KILL_AFTER_MS = 5_000

async function start(file: string, args: readonly string[], options: RunOptions): Promise<CommandResult> {
  const { output, env = {}, signal } = options
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
  const stdio = output === 'stderr' ? (['ignore', 2, 2] as const) : (['ignore', 'pipe', 'pipe'] as const)
  const child = spawn(file, args, {
    cwd: PROJECT_DIR,
    env: composeEnvironment(env),
    stdio: output === 'inherited' ? 'inherit' : [...stdio],
    // A program in a process group of its own does not get Ctrl+C from the terminal, so this process passes the signal
    // on, and the program gets it only once. A program that uses the terminal itself has to stay in the terminal's
    // group.
    detached: output !== 'inherited',
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  let killTimer: NodeJS.Timeout | undefined
  const interrupt = () => {
    child.kill('SIGINT')
    killTimer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
  }
  signal?.addEventListener('abort', interrupt, { once: true })
  child.once('error', reject)
  child.once('close', (code) => resolve({ code: code ?? 1, ...texts }))
  try {
    const result = await promise
    signal?.throwIfAborted()
    return result
  } finally {
    clearTimeout(killTimer)
    signal?.removeEventListener('abort', interrupt)
  }
}
