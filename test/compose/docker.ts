/** Runs the program `docker` as a user at the terminal would. */
import { execFile } from 'node:child_process'

export class DockerError extends Error {
  constructor(args: readonly string[], output: string) {
    super(`docker ${args.join(' ')}\n${output.trim().slice(-4_000)}`)
    this.name = 'DockerError'
  }
}

export interface DockerOptions {
  /** The whole environment of the program, except for PATH, HOME and DOCKER_*, which are always passed on. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What the program reads on its standard input; nothing by default. */
  readonly input?: string
  /** Milliseconds after which the program is ended. Default 300,000. */
  readonly timeoutMs?: number
}

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Resolves whatever the exit code is, which is -1 where docker could not be run or took too long. */
export async function tryDocker(args: readonly string[], options: DockerOptions = {}): Promise<Output> {
  const { env = {}, cwd, input = '', timeoutMs = 300_000 } = options
  return await new Promise((resolve) => {
    const child = execFile(
      'docker',
      [...args],
      {
        env: { ...dockerEnvironment(), ...env },
        ...(cwd === undefined ? {} : { cwd }),
        timeout: timeoutMs,
        maxBuffer: 256 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr: code === -1 ? `${stderr}${error?.message}` : stderr })
      },
    )
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** Resolves with stdout. Rejects with DockerError and both outputs where the exit code is not 0. */
export async function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryDocker(args, options)
  if (code !== 0) throw new DockerError(args, `${stdout}${stderr}`)
  return stdout
}

/** Why the tests cannot run on this machine, and what to do about it; undefined where they can. */
export async function findDockerProblem(): Promise<string | undefined> {
  const info = await tryDocker(['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 20_000 })
  if (info.code !== 0) {
    const reason = info.stderr.trim().split('\n').at(-1) ?? ''
    return `No Docker Engine answers (${reason.slice(0, 200)}). Start one, or set DOCKER_HOST.`
  }
  const compose = await tryDocker(['compose', 'version', '--short'], { timeoutMs: 20_000 })
  if (compose.code !== 0) return 'Docker has no Compose: install the plugin docker-compose, version 2.'
  return undefined
}

/** The variables that docker itself needs. Others, such as a key of this machine, must not reach the cluster. */
function dockerEnvironment(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => /^(PATH|HOME|XDG_RUNTIME_DIR|DOCKER_.*)$/.test(name))
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']))
}
