/** Ways for a part to die. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, type Container, NODES } from './cluster.ts'
import { docker } from './docker.ts'

/**
 * kill -9 of the process, seen from the host: the part crashed, and its restart policy starts it again. (Docker takes
 * `docker kill` for the operator's wish and leaves the container stopped.) Where the host does not see the process, as
 * with Docker Desktop, `docker kill` and `docker start` stand in.
 */
export async function crash({ ID }: Container): Promise<void> {
  const pid = Number(await docker(['inspect', '--format', '{{.State.Pid}}', ID]))
  if (isOf(pid, ID)) process.kill(pid, 'SIGKILL')
  else await docker(['kill', '--signal', 'KILL', ID]).then(() => docker(['start', ID]))
}

function isOf(pid: number, id: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false
  try {
    // The process is there, and it is the container's.
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)
  } catch {
    return false
  }
}

/** kill -9 that leaves it dead until `start`. */
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

/** Waits until every container of `service` is healthy, or those of all services. */
export async function untilHealthy(cluster: Cluster, service?: string, timeoutMs = 120_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(1_000)) {
    const ill = (await cluster.containers(service)).filter(({ Health, State }) => {
      return State !== 'running' || (Health !== '' && Health !== 'healthy')
    })
    if (ill.length === 0) return
    if (Date.now() > deadline) {
      throw new Error(`Not healthy: ${ill.map(({ Name, State, Health }) => `${Name} ${State} ${Health}`).join(', ')}`)
    }
  }
}

/** How often Docker has started a container again by itself. */
export async function restarts({ ID }: Container): Promise<number> {
  return Number(await docker(['inspect', '--format', '{{.RestartCount}}', ID]))
}

/**
 * How often nodes that nobody killed were given up by others since `since`: a machine that is short of CPU. It costs calls
 * in flight, whatever the test does. `killed` is the number of the node that was.
 */
export async function falseAlarms(cluster: Cluster, since: Date, killed?: number): Promise<number> {
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
