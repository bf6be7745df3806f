/** Runs Docker Compose on this repository's cluster. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/config.ts'
import { composeEnvironment } from '../../config/environment.ts'
import { ServiceError } from '../../errors.ts'

export const COMPOSE_FILE = 'docker-compose.cluster.yml'
/** Where the Compose file is, whatever directory the command was called in. */
export const PROJECT_DIR = fileURLToPath(new URL('../../../', import.meta.url))
/** Named wherever something is taken away or stopped: Compose leaves out what belongs to a profile otherwise. */
const PROFILES = ['prometheus', 'grafana'] as const

export type Output = 'captured' | 'stderr' | 'inherited'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** `captured`: given back. `stderr`: shown, all of it on stderr, since stdout is for results. `inherited`: as it is. */
  readonly output: Output
  readonly env?: Readonly<Record<string, string>>
  /** For Compose: the services of every profile too. */
  readonly allProfiles?: boolean
  /** Aborted: the program is interrupted as by Ctrl+C, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface Compose {
  /** Resolves with what came of it, whatever its exit code. */
  run(args: readonly string[], options: RunOptions): Promise<Ran>
  docker(args: readonly string[], options: RunOptions): Promise<Ran>
}

/** The arguments in front of Compose's own: the file, unless COMPOSE_FILE says which, and the profiles. */
export function composeArguments(
  args: readonly string[],
  options: { readonly composeFile: string | undefined; readonly allProfiles: boolean },
): string[] {
  const file = options.composeFile === undefined ? ['-f', COMPOSE_FILE] : []
  const profiles = options.allProfiles ? PROFILES.flatMap((profile) => ['--profile', profile]) : []
  return [...file, ...profiles, ...args]
}

/** Finds `docker compose`, else `docker-compose`, and the engine. Rejects with cluster-failed that says what is missing. */
export async function findCompose(config: Config, signal?: AbortSignal): Promise<Compose> {
  const quiet = { output: 'captured', ...(signal === undefined ? {} : { signal }) } as const
  const engine = await attempt('docker', ['version', '--format', '{{.Server.Version}}'], quiet)
  const install = 'Install Docker Engine with the Compose plugin (https://docs.docker.com/engine/install)'
  if (engine === undefined) throw new ServiceError('cluster-failed', `There is no program "docker" here. ${install}`)
  if (engine.code !== 0) {
    const said = lastLine(engine.stderr) || 'no reason given'
    const way = 'start it, and see that this user may use it (docker info must work)'
    throw new ServiceError('cluster-failed', `The Docker engine does not answer: ${said}\n${way}`)
  }
  const program = await findProgram(quiet)
  if (program === undefined) {
    throw new ServiceError('cluster-failed', `Neither "docker compose" nor "docker-compose" runs here. ${install}`)
  }
  const [file, ...before] = program
  return {
    run: async (args, options) => {
      const { composeFile } = config.cluster
      const all = [...before, ...composeArguments(args, { composeFile, allProfiles: options.allProfiles ?? false })]
      return await start(file, all, options)
    },
    docker: (args, options) => start('docker', args, options),
  }
}

async function findProgram(quiet: RunOptions): Promise<readonly [string, ...string[]] | undefined> {
  for (const program of [['docker', 'compose'], ['docker-compose']] as const) {
    const [file, ...before] = program
    if ((await attempt(file, [...before, 'version'], quiet))?.code === 0) return program
  }
  return undefined
}

/** Throws cluster-failed, with Compose's own last words, where it did not succeed. */
export function mustSucceed(what: string, ran: Ran): Ran {
  if (ran.code === 0) return ran
  const said = lastLine(ran.stderr)
  throw new ServiceError('cluster-failed', `${what} failed (exit code ${ran.code})${said === '' ? '' : `: ${said}`}`)
}

async function attempt(file: string, args: readonly string[], options: RunOptions): Promise<Ran | undefined> {
  return await start(file, args, options).catch((error: unknown) => {
    options.signal?.throwIfAborted()
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}

/** How long an interrupted program may take to end by itself. */
const END_MS = 5_000

async function start(file: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const { output, env = {}, signal } = options
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Ran>()
  const own = output === 'stderr' ? (['ignore', 2, 2] as const) : (['ignore', 'pipe', 'pipe'] as const)
  const child = spawn(file, args, {
    cwd: PROJECT_DIR,
    env: composeEnvironment(env),
    stdio: output === 'inherited' ? 'inherit' : [...own],
    // Ctrl+C is ours to answer, and must not reach it twice. What is inherited answers for itself.
    detached: output !== 'inherited',
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  let late: NodeJS.Timeout | undefined
  const interrupt = () => {
    child.kill('SIGINT')
    late = setTimeout(() => child.kill('SIGKILL'), END_MS)
  }
  signal?.addEventListener('abort', interrupt, { once: true })
  child.once('error', reject)
  child.once('close', (code) => resolve({ code: code ?? 1, ...said }))
  try {
    const ran = await promise
    signal?.throwIfAborted()
    return ran
  } finally {
    clearTimeout(late)
    signal?.removeEventListener('abort', interrupt)
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}
