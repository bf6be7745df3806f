/** Runs Docker Compose, and Docker itself, on the cluster of this repository. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/config.ts'
import { composeEnvironment } from '../../config/environment.ts'
import { ServiceError } from '../../errors.ts'

export const COMPOSE_FILE = 'docker-compose.cluster.yml'
/** The directory of the Compose file, which does not depend on the directory in which a command is called. */
export const PROJECT_DIR = fileURLToPath(new URL('../../../', import.meta.url))
/** The profiles of the Compose file. Compose ignores the services of a profile that is not named, also when it stops or removes. */
const PROFILES = ['prometheus', 'grafana'] as const

/**
 * Where the output of a program goes. `captured`: into the result. `stderr`: all of it to stderr, because stdout is for
 * the results of a command. `inherited`: stdout and stderr of the command itself.
 */
export type Output = 'captured' | 'stderr' | 'inherited'

/** How a program has ended. The texts are empty unless its output was captured. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly output: Output
  /** Variables that the program gets in addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether Compose also acts on the services of all profiles; Docker ignores it. */
  readonly allProfiles?: boolean
  /** When it aborts, the program gets SIGINT as by Ctrl+C, and the call rejects with the signal's reason once it has ended. */
  readonly signal?: AbortSignal
}

export interface Compose {
  /** Runs `docker compose` with these arguments. Resolves whatever the exit code is. */
  run(args: readonly string[], options: RunOptions): Promise<CommandResult>
  /** Runs `docker` with these arguments. Resolves whatever the exit code is. */
  docker(args: readonly string[], options: RunOptions): Promise<CommandResult>
}

/** All arguments of Compose: the file, unless COMPOSE_FILE names another one, the profiles where wanted, and `args`. */
export function composeArguments(
  args: readonly string[],
  options: { readonly composeFile: string | undefined; readonly allProfiles: boolean },
): string[] {
  const file = options.composeFile === undefined ? ['-f', COMPOSE_FILE] : []
  const profiles = options.allProfiles ? PROFILES.flatMap((profile) => ['--profile', profile]) : []
  return [...file, ...profiles, ...args]
}

/**
 * Finds `docker compose`, or else `docker-compose`, and checks that the Docker engine answers. Rejects with ServiceError
 * cluster-failed that says what is missing and how to get it.
 */
export async function findCompose(config: Config, signal?: AbortSignal): Promise<Compose> {
  const quiet = { output: 'captured', ...(signal === undefined ? {} : { signal }) } as const
  const engine = await tryStart('docker', ['version', '--format', '{{.Server.Version}}'], quiet)
  const install = 'Install Docker Engine with the Compose plugin (https://docs.docker.com/engine/install)'
  if (engine === undefined) throw new ServiceError('cluster-failed', `The program "docker" was not found. ${install}`)
  if (engine.code !== 0) {
    const reason = lastLine(engine.stderr) || 'no reason given'
    const advice = 'Start it, and check that this user may use it (docker info must work)'
    throw new ServiceError('cluster-failed', `The Docker engine does not answer: ${reason}\n${advice}`)
  }
  const program = await findProgram(quiet)
  if (program === undefined) {
    throw new ServiceError('cluster-failed', `Neither "docker compose" nor "docker-compose" runs here. ${install}`)
  }
  const [file, ...first] = program
  return {
    run: async (args, options) => {
      const { composeFile } = config.cluster
      const all = [...first, ...composeArguments(args, { composeFile, allProfiles: options.allProfiles ?? false })]
      return await start(file, all, options)
    },
    docker: (args, options) => start('docker', args, options),
  }
}

async function findProgram(quiet: RunOptions): Promise<readonly [string, ...string[]] | undefined> {
  for (const program of [['docker', 'compose'], ['docker-compose']] as const) {
    const [file, ...first] = program
    if ((await tryStart(file, [...first, 'version'], quiet))?.code === 0) return program
  }
  return undefined
}

/** Throws ServiceError cluster-failed, with the last line of its stderr, where the program did not succeed. */
export function requireSuccess(program: string, result: CommandResult): CommandResult {
  if (result.code === 0) return result
  const reason = lastLine(result.stderr)
  const message = `${program} failed (exit code ${result.code})${reason === '' ? '' : `: ${reason}`}`
  throw new ServiceError('cluster-failed', message)
}

/** Resolves with undefined where the program does not exist. */
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

/** Milliseconds after which a program that was interrupted is killed. */
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
    // A program in a process group of its own does not get the terminal's Ctrl+C, which this process passes on once. One
    // that uses the terminal itself has to stay in the group.
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

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}
