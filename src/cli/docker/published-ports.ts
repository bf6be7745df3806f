/** The ports that the cluster publishes on this machine: whether they are free before anything starts, and who has one that is not. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { holdPorts, type NamedPort, whyNotFree } from '../../embedded/ports.ts'
import { parseJson } from '../../lib/json/json.ts'
import { COMPOSE_FILE, type Compose, PROJECT_DIR } from '../cluster/compose.ts'
import { type Container, listContainers } from '../cluster/containers.ts'
import { say } from '../ui/terminal.ts'

const configSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      ports: z
        .array(z.object({ target: z.number(), published: z.string().optional(), host_ip: z.string().optional() }))
        .optional(),
      deploy: z.object({ replicas: z.number().optional() }).nullish(),
    }),
  ),
})

/** A port that Compose will publish. */
export interface PublishedPort extends NamedPort {
  readonly service: string
  /** The port of the container. */
  readonly target: number
  readonly host: string
}

/**
 * Waits for ports that outgoing connections of this machine hold. Rejects with `ServiceError` port-taken, which names each port that
 * stays taken, its holder and the variable that moves it. An old Compose that does not print its ports is left to find out itself.
 */
export async function waitForPublishedPorts(compose: Compose, signal: AbortSignal): Promise<void> {
  if (compose.isRemote) return
  const printed = await compose.run(['config', '--format', 'json'], { output: 'captured', signal })
  if (printed.code !== 0) return
  const text = await readFile(join(PROJECT_DIR, COMPOSE_FILE), 'utf8')
  const wanted = readPublishedPorts(printed.stdout, readPortVariables(text))
  const containers = await listContainers(compose, signal)
  const missing = wanted.filter((port) => !isPublished(port, containers))
  const reasons = await Promise.all(missing.map(({ port, host }) => whyNotFree(port, host)))
  // Where this user may not listen, Docker still may, so that only taken ports are waited for.
  const taken = missing.filter((_, index) => reasons[index] === 'EADDRINUSE')
  const describe = (port: number) => describeContainer(compose, port, signal)
  const held = await holdPorts(taken, { say, signal, describe })
  await held.releaseAll()
}

/** Reads the ports from `docker compose config --format json`; a port of 0, for which Docker chooses one, and a service of no containers are left out. */
export function readPublishedPorts(json: string, variables: ReadonlyMap<string, string>): PublishedPort[] {
  const parsed = configSchema.safeParse(parseJson(json))
  return Object.entries(parsed.data?.services ?? {}).flatMap(([service, { ports = [], deploy }]) =>
    (deploy?.replicas === 0 ? [] : ports).flatMap(({ target, published, host_ip: host = '0.0.0.0' }) => {
      const port = Number(published ?? 0)
      if (!Number.isInteger(port) || port === 0) return []
      const variable = variables.get(`${service}:${target}`) ?? `the port of ${service} in the Compose file`
      return [{ service, target, port, host, variable, purpose: `${service}, port ${target} of its container` }]
    }),
  )
}

/** The variable of each published port in the text of our Compose file, by service and port of the container. */
export function readPortVariables(text: string): Map<string, string> {
  const variables = new Map<string, string>()
  let service = ''
  for (const line of text.split('\n')) {
    service = /^ {2}([a-z][\w-]*):/.exec(line)?.[1] ?? service
    const [, variable, target] = /:\$\{(CLUSTER_\w*PORT\w*):-\d+\}:(\d+)/.exec(line) ?? []
    if (variable !== undefined) variables.set(`${service}:${target}`, variable)
  }
  return variables
}

function isPublished({ service, target }: PublishedPort, containers: readonly Container[]): boolean {
  return containers.some((one) => one.service === service && one.state === 'running' && one.ports.has(target))
}

/** The container of another project that publishes `port`; undefined where Docker knows of none. */
async function describeContainer(compose: Compose, port: number, signal: AbortSignal): Promise<string | undefined> {
  const args = ['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}']
  const { code, stdout } = await compose.docker(args, { output: 'captured', signal })
  const [name = ''] = code === 0 ? stdout.trim().split('\n') : []
  return name === '' ? undefined : `is taken by the container ${name}`
}
