/** Faults that tests bring about in the containers of a cluster, and the recovery that they wait for. */
import { readFileSync } from 'node:fs'
import { hasDoneItsWork } from '../../src/cli/cluster/containers.ts'
import { waitUntil } from '../helpers/wait.ts'
import { type Cluster, type Container, NODES } from './cluster.ts'
import { docker, tryDocker } from './docker.ts'

/**
 * Kills the process of a container from the host, so that Docker counts a crash and its restart policy applies; after
 * `docker kill` Docker would leave the container stopped. Where the host does not see the process, as with Docker Desktop,
 * `docker kill` and `docker start` do it.
 */
export async function crash({ ID }: Container): Promise<void> {
  const pid = Number(await docker(['inspect', '--format', '{{.State.Pid}}', ID]))
  if (isProcessOf(pid, ID)) process.kill(pid, 'SIGKILL')
  else await docker(['kill', '--signal', 'KILL', ID]).then(() => docker(['start', ID]))
}

/** Whether `pid` is a process of this host that belongs to the container. */
function isProcessOf(pid: number, id: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)
  } catch {
    return false
  }
}

/** Freezes the whole container, as a paused virtual machine would be, until `thaw`. */
export async function freeze({ ID }: Container): Promise<void> {
  await docker(['pause', ID])
}

/** Lets a frozen container go on; one that runs is no error. */
export async function thaw({ ID }: Container): Promise<void> {
  await tryDocker(['unpause', ID])
}

/** Stops the processes of the container's part by SIGSTOP, and not those that watch it. The host has to see them. */
export async function hang({ ID }: Container): Promise<void> {
  const lines = (await docker(['top', ID, '-eo', 'pid,args'])).split('\n').slice(1)
  const parts = lines.filter((line) => line !== '' && !/watch\.sh|timeout 2|sleep 2/.test(line))
  // What has ended meanwhile, as a check does, was not of the part.
  for (const line of parts) signalGently(Number.parseInt(line, 10), 'SIGSTOP')
}

/** Lets the processes of a container go on after `hang`; those that are gone are no error. */
export async function goOn({ ID }: Container): Promise<void> {
  const { stdout } = await tryDocker(['top', ID, '-eo', 'pid'])
  for (const pid of stdout.split('\n').slice(1).map(Number)) if (pid > 1) signalGently(pid, 'SIGCONT')
}

function signalGently(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended since it was listed.
  }
}

/** Takes the container off its network, and resolves with what joins it again under the names that it had. */
export async function cutOff({ ID }: Container): Promise<() => Promise<void>> {
  const text = await docker(['inspect', '--format', '{{json .NetworkSettings.Networks}}', ID])
  const networks = Object.entries(JSON.parse(text) as Record<string, { Aliases: string[] | null }>)
  for (const [network] of networks) await docker(['network', 'disconnect', '--force', network, ID])
  return async () => {
    for (const [network, { Aliases }] of networks) {
      const aliases = (Aliases ?? []).filter((alias) => !ID.startsWith(alias))
      await tryDocker(['network', 'connect', ...aliases.flatMap((alias) => ['--alias', alias]), network, ID])
    }
  }
}

/** Kills the container with SIGKILL and leaves it dead until `start`. */
export async function kill({ ID }: Container): Promise<void> {
  await docker(['kill', '--signal', 'KILL', ID])
}

export async function start({ ID }: Container): Promise<void> {
  await docker(['start', ID])
}

export async function stop({ ID }: Container): Promise<void> {
  await docker(['stop', ID])
}

export async function restart({ ID }: Container): Promise<void> {
  await docker(['restart', ID])
}

/** Waits until every container of `service` is healthy, or every container of the cluster where none is named. */
export async function waitUntilHealthy(cluster: Cluster, service?: string): Promise<void> {
  await waitUntil(
    `all containers ${service === undefined ? '' : `of ${service} `}are healthy`,
    async () => (await cluster.containers(service)).every(isHealthy),
    { pollMs: 1_000 },
  )
}

function isHealthy({ State, Health, Service, ExitCode }: Container): boolean {
  return hasDoneItsWork({ service: Service, state: State, exitCode: ExitCode }) || isRunning({ State, Health })
}

function isRunning({ State, Health }: Pick<Container, 'State' | 'Health'>): boolean {
  return State === 'running' && (Health === '' || Health === 'healthy')
}

/** How often Docker has restarted the container by itself. */
export async function countRestarts({ ID }: Container): Promise<number> {
  return Number(await docker(['inspect', '--format', '{{.RestartCount}}', ID]))
}

/**
 * How often other nodes have declared a living node dead since `since`, which happens on a machine that is short of CPU and
 * breaks calls in flight. `killed` is the number of the node that the test has killed.
 */
export async function countFalseAlarms(cluster: Cluster, since: Date, killed?: number): Promise<number> {
  const text = await cluster.compose(
    'logs',
    '--no-color',
    '--since',
    since.toISOString(),
    ...NODES.map((n) => `restate-${n}`),
  )
  const deaths = [...text.matchAll(/N(\d):\d+ transitioned from \w+ to Dead/g)]
  return deaths.filter(([, node]) => Number(node) !== killed).length
}
