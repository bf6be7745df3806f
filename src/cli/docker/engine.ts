/** The Docker engine and Compose that the commands of the cluster use: whether they are there, new enough, and on this machine. */
import { ServiceError } from '../../errors.ts'
import { isLoopback } from '../../lib/network/caller.ts'

/** What a program printed and how it ended; undefined where there is no such program. */
export type TryRun = (
  file: string,
  args: readonly string[],
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string } | undefined>

export interface Engine {
  /** The program and first arguments of Compose. */
  readonly program: readonly [string, ...string[]]
  /** The engine for messages, as "context default, unix:///var/run/docker.sock". */
  readonly place: string
  /** What the person at the terminal should know before the first container starts. */
  readonly warnings: readonly string[]
}

const INSTALL = 'install Docker Engine with the Compose plugin (https://docs.docker.com/engine/install)'
/** The oldest versions that know what the Compose file uses: host-gateway, and conditions of dependencies. */
const OLDEST_ENGINE = [20, 10] as const
const OLDEST_COMPOSE = [1, 29] as const

/** Finds both. Rejects with ServiceError cluster-failed, whose one line says what is wrong and the way out. */
export async function findEngine(tryRun: TryRun): Promise<Engine> {
  const version = await tryRun('docker', ['version', '--format', '{{.Server.Version}}'])
  if (version === undefined) throw failed(`The program "docker" was not found: ${INSTALL}`)
  const { name, host } = await readContext(tryRun)
  const place = `context ${name}, ${host}`
  if (version.code !== 0) throw failed(await describeSilence(tryRun, version.stderr, name, place))
  const engine = version.stdout.trim()
  if (isOlder(engine, OLDEST_ENGINE)) {
    throw failed(
      `The Docker engine ${engine} (${place}) is too old, it takes ${OLDEST_ENGINE.join('.')} or later: ${INSTALL}`,
    )
  }
  return { program: await findComposeProgram(tryRun), place, warnings: isRemote(host) ? [warnOfRemote(host)] : [] }
}

/** The context that `docker` uses; DOCKER_HOST shows as the host of the context "default". */
async function readContext(tryRun: TryRun): Promise<{ readonly name: string; readonly host: string }> {
  const shown = await tryRun('docker', ['context', 'inspect', '--format', '{{.Name}}\t{{.Endpoints.docker.Host}}'])
  const [name = '', host = ''] = (shown?.code === 0 ? shown.stdout : '').trim().split('\t')
  return { name: name || 'default', host: host || 'unknown address' }
}

/** Says why the engine does not answer, and what to do. Another context may have one that runs. */
async function describeSilence(tryRun: TryRun, stderr: string, name: string, place: string): Promise<string> {
  const reason = lastLine(stderr).replace(/\.$/, '') || 'no reason given'
  const isForbidden = /permission denied/i.test(reason)
  const listed = await tryRun('docker', ['context', 'ls', '--format', '{{.Name}}'])
  const others = (listed?.code === 0 ? listed.stdout.split(/\s+/) : []).filter((one) => one !== '' && one !== name)
  const advice = isForbidden
    ? 'add this user to the group docker and log in again, or use rootless Docker'
    : 'start it, and check that this user may use it (docker info must work)'
  const choice = others.length === 0 ? '' : `, or choose another with docker context use (${others.join(', ')})`
  return `The Docker engine does not answer (${place}): ${reason}: ${advice}${choice}`
}

async function findComposeProgram(tryRun: TryRun): Promise<readonly [string, ...string[]]> {
  let tooOld = ''
  for (const program of [['docker', 'compose'], ['docker-compose']] as const) {
    const [file, ...first] = program
    const answer = await tryRun(file, [...first, 'version', '--short'])
    if (answer?.code !== 0) continue
    const version = answer.stdout.trim()
    if (!isOlder(version, OLDEST_COMPOSE)) return program
    tooOld = version
  }
  if (tooOld !== '')
    throw failed(`Compose ${tooOld} is too old, it takes ${OLDEST_COMPOSE.join('.')} or later: ${INSTALL}`)
  throw failed(`Docker has no Compose, neither as "docker compose" nor as "docker-compose": ${INSTALL}`)
}

/** Whether a version such as "v2.40.3-3" is older than `oldest`. A text without a number counts as new. */
export function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, first, second] = /(\d+)\.(\d+)/.exec(version) ?? []
  if (first === undefined) return false
  return Number(first) < major || (Number(first) === major && Number(second) < minor)
}

function isRemote(host: string): boolean {
  if (!/^(?:tcp|ssh|https?):\/\//.test(host) || !URL.canParse(host)) return false
  // A URL of another scheme than http keeps the brackets and the case of its host.
  return !isLoopback(new URL(host).hostname.replace(/^\[|\]$/g, ''))
}

function warnOfRemote(host: string): string {
  return `Warning: the Docker engine (${host}) is on another machine: it mounts the files of that machine, and publishes the ports there, where commands of this one do not look. docker context use default chooses the engine here`
}

function failed(message: string): ServiceError {
  return new ServiceError('cluster-failed', message)
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}
