/** Lists the containers of the cluster with their state, as Docker reports them. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { type Compose, requireSuccess } from './compose.ts'

/** The names of the Restate nodes in the Compose file, in the order of their numbers from 1. */
export const NODE_SERVICES = ['restate-1', 'restate-2', 'restate-3', 'restate-4', 'restate-5'] as const
/** The name of the replicas' service in the Compose file. */
export const REPLICA_SERVICE = 'classify-service'
/** The services of the Compose file that do something once and end: `secrets` writes them, `provision` makes the cluster. */
export const ONE_SHOT_SERVICES: ReadonlySet<string> = new Set(['secrets', 'provision'])
/** The service that publishes the ingress and the admin port of every node. */
export const GUARD_SERVICE = 'guard'
/** The page in the browser. */
export const CONSOLE_SERVICE = 'console'
/** The ports of the guard's container that lead to the nodes, in the order of NODE_SERVICES. */
const GUARD_PORTS = {
  ingress: [8080, 28080, 38080, 48080, 58080],
  admin: [9070, 29070, 39070, 49070, 59070],
} as const
/** Addresses that stand for all of the machine, so that the machine itself reaches a port there at its own address. */
const ALL_ADDRESSES = new Set(['', '0.0.0.0', '::'])

export interface Container {
  readonly id: string
  /** The name of the service in the Compose file, such as "restate-1" or "classify-service". */
  readonly service: string
  /**
   * The number of the container within its service, from 1; it is above 1 only where the service has several
   * containers.
   */
  readonly number: number
  /** The state of the container, such as "running", "exited" or "restarting". */
  readonly state: string
  /**
   * The result of the health check: "healthy", "starting" or "unhealthy"; "none" where the container has no health
   * check.
   */
  readonly health: string
  readonly exitCode: number
  /** Why Docker could not start the container, in its words; empty where it could. */
  readonly error: string
  readonly restarts: number
  /** The time at which the container started, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** The IP address of the container in the cluster's network; undefined while the container does not run. */
  readonly address: string | undefined
  /** The published ports: each port inside the container is mapped to the address on the host, such as "127.0.0.1:8080". */
  readonly ports: ReadonlyMap<number, string>
  /**
   * What the container reads of that which the service `secrets` writes, by the paths of that service: "/secrets/database",
   * "/readable/files/watch.sh", or a folder such as "/readable/nginx".
   */
  readonly reads: readonly string[]
}

const inspectedSchema = z.array(
  z.object({
    Id: z.string(),
    RestartCount: z.number(),
    State: z.object({
      Status: z.string(),
      ExitCode: z.number(),
      StartedAt: z.string(),
      Error: z.string().nullish(),
      Health: z.object({ Status: z.string() }).nullish(),
    }),
    Config: z.object({
      Labels: z.record(z.string(), z.string()),
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
    }),
    Mounts: z.array(z.object({ Destination: z.string() })).nullish(),
    NetworkSettings: z.object({
      Ports: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable()).nullish(),
      Networks: z.record(z.string(), z.object({ IPAddress: z.string() })).nullish(),
    }),
  }),
)

/** Whether the container's service has done its work, so that it is right that it does not run. */
export function hasDoneItsWork({
  service,
  state,
  exitCode,
}: Pick<Container, 'service' | 'state' | 'exitCode'>): boolean {
  return ONE_SHOT_SERVICES.has(service) && state === 'exited' && exitCode === 0
}

/** Lists all containers of the cluster in every Compose profile, running or not, in the order of service and number. */
export async function listContainers(compose: Compose, signal?: AbortSignal): Promise<Container[]> {
  const options = { output: 'captured', allProfiles: true, ...(signal === undefined ? {} : { signal }) } as const
  const listed = requireSuccess('docker compose ps', await compose.run(['ps', '--all', '--quiet'], options))
  const ids = listed.stdout.split('\n').filter((line) => /^[0-9a-f]{12,64}$/.test(line.trim()))
  if (ids.length === 0) return []
  // Where a container has just been removed, Docker fails but prints the other containers, so the exit code is ignored.
  const { stdout } = await compose.docker(['inspect', '--type', 'container', ...ids], options)
  return parseContainers(stdout)
}

/** Parses the output of `docker inspect`. Throws ServiceError cluster-failed where the text has another form. */
export function parseContainers(json: string): Container[] {
  const parsed = inspectedSchema.safeParse(parseJson(json))
  if (!parsed.success) throw new ServiceError('cluster-failed', 'docker inspect printed something unexpected')
  const containers = parsed.data.map(({ Id, RestartCount, State, Config, Mounts, NetworkSettings }): Container => {
    const [network] = Object.values(NetworkSettings.Networks ?? {})
    const ports = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([name, hosts]) => {
      const { HostIp: ip = '', HostPort = '' } = hosts?.[0] ?? {}
      const address = ALL_ADDRESSES.has(ip) ? '127.0.0.1' : ip.includes(':') ? `[${ip}]` : ip
      return Number(HostPort) > 0 ? [[Number.parseInt(name, 10), `${address}:${HostPort}`] as const] : []
    })
    return {
      id: Id,
      service: Config.Labels['com.docker.compose.service'] ?? '',
      number: Number(Config.Labels['com.docker.compose.container-number'] ?? 1),
      state: State.Status,
      health: State.Health?.Status ?? 'none',
      exitCode: State.ExitCode,
      error: State.Error ?? '',
      restarts: RestartCount,
      startedAtMs: Date.parse(State.StartedAt),
      address: network === undefined || network.IPAddress === '' ? undefined : network.IPAddress,
      ports: new Map(ports),
      reads: findReads(
        (Mounts ?? []).map(({ Destination }) => Destination),
        [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? []), ...(Config.Env ?? [])],
      ),
    }
  })
  return containers.sort((a, b) => a.service.localeCompare(b.service) || a.number - b.number)
}

/** Where parts mount copied files of which they read all, other than below /files. */
const WHOLE_MOUNTS: Readonly<Record<string, readonly string[]>> = {
  '/etc/nginx': ['/readable/nginx'],
  '/etc/grafana/provisioning': ['/readable/grafana/datasources', '/readable/grafana/dashboards'],
}

/** What a container reads, by its mounts and by the files and folders below /files that its command and its variables name. */
function findReads(mounts: readonly string[], words: readonly string[]): string[] {
  const secrets = mounts.filter((mount) => /^\/secrets\/\w+$/.test(mount))
  const whole = mounts.flatMap((mount) => WHOLE_MOUNTS[mount] ?? [])
  // A part reads its whole folder: a configuration names other files beside it.
  const named = words.flatMap((word) => [...word.matchAll(/(?<![\w/])\/files\/([\w.-]+)/g)].map(([, name]) => name))
  return [...new Set([...secrets, ...whole, ...named.map((name) => `/readable/files/${name}`)])]
}

/**
 * Returns the name of a container, such as "restate-1" or "classify-service-3"; only services that may have several
 * containers get a number.
 */
export function nameOf({ service, number }: Pick<Container, 'service' | 'number'>): string {
  return service === REPLICA_SERVICE ? `${service}-${number}` : service
}

/**
 * Returns the URL at which this machine reaches `port` of a service; undefined where the port is not published or no
 * container of the service runs.
 */
export function hostUrl(containers: readonly Container[], service: string, port: number): string | undefined {
  const published = containers.find((container) => container.service === service)?.ports.get(port)
  return published === undefined ? undefined : `http://${published}`
}

/** The URL at which this machine reaches the ingress or the admin port of a node, through the guard; undefined where it cannot. */
export function nodeUrl(
  containers: readonly Container[],
  node: (typeof NODE_SERVICES)[number],
  kind: keyof typeof GUARD_PORTS,
): string | undefined {
  const port = GUARD_PORTS[kind][NODE_SERVICES.indexOf(node)]
  return port === undefined ? undefined : hostUrl(containers, GUARD_SERVICE, port)
}
