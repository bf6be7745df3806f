/** What the cluster's containers are and how they do, as Docker sees them. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { type Compose, mustSucceed } from './compose.ts'

export const NODES = ['restate-1', 'restate-2', 'restate-3', 'restate-4', 'restate-5'] as const
export const REPLICAS = 'classify-service'

export interface Container {
  readonly id: string
  /** As the Compose file calls it: "restate-1", "classify-service". */
  readonly service: string
  /** From 1; several where a service is scaled. */
  readonly number: number
  /** "running", "exited", "restarting" … */
  readonly state: string
  /** "healthy", "starting", "unhealthy"; "none" where it has no check. */
  readonly health: string
  readonly exitCode: number
  readonly restarts: number
  /** Milliseconds since 1970. */
  readonly startedAtMs: number
  /** Its address in the cluster's network; undefined while it does not run. */
  readonly address: string | undefined
  /** Port of the container -> port of the host. */
  readonly ports: ReadonlyMap<number, number>
}

const inspectedSchema = z.array(
  z.object({
    Id: z.string(),
    RestartCount: z.number(),
    State: z.object({
      Status: z.string(),
      ExitCode: z.number(),
      StartedAt: z.string(),
      Health: z.object({ Status: z.string() }).nullish(),
    }),
    Config: z.object({ Labels: z.record(z.string(), z.string()) }),
    NetworkSettings: z.object({
      Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()).nullish(),
      Networks: z.record(z.string(), z.object({ IPAddress: z.string() })).nullish(),
    }),
  }),
)

/** All containers of the project, running or not, in order of service and number; of every profile. */
export async function listContainers(compose: Compose, signal?: AbortSignal): Promise<Container[]> {
  const options = { output: 'captured', allProfiles: true, ...(signal === undefined ? {} : { signal }) } as const
  const listed = mustSucceed('docker compose ps', await compose.run(['ps', '--all', '--quiet'], options))
  const ids = listed.stdout.split('\n').filter((line) => /^[0-9a-f]{12,64}$/.test(line.trim()))
  if (ids.length === 0) return []
  // One that has gone since is left out: what is there is printed all the same.
  const { stdout } = await compose.docker(['inspect', '--type', 'container', ...ids], options)
  return parseContainers(stdout)
}

/** From `docker inspect`. Throws cluster-failed where it is none. */
export function parseContainers(json: string): Container[] {
  const parsed = inspectedSchema.safeParse(parseJson(json))
  if (!parsed.success) throw new ServiceError('cluster-failed', 'docker inspect gave something that is not understood')
  const containers = parsed.data.map(({ Id, RestartCount, State, Config, NetworkSettings }): Container => {
    const [network] = Object.values(NetworkSettings.Networks ?? {})
    const ports = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([name, hosts]) => {
      const port = Number(hosts?.[0]?.HostPort)
      return Number.isInteger(port) && port > 0 ? [[Number.parseInt(name, 10), port] as const] : []
    })
    return {
      id: Id,
      service: Config.Labels['com.docker.compose.service'] ?? '',
      number: Number(Config.Labels['com.docker.compose.container-number'] ?? 1),
      state: State.Status,
      health: State.Health?.Status ?? 'none',
      exitCode: State.ExitCode,
      restarts: RestartCount,
      startedAtMs: Date.parse(State.StartedAt),
      address: network === undefined || network.IPAddress === '' ? undefined : network.IPAddress,
      ports: new Map(ports),
    }
  })
  return containers.sort((a, b) => a.service.localeCompare(b.service) || a.number - b.number)
}

/** "restate-1", "classify-service-3": the number only where a service can have several. */
export function nameOf({ service, number }: Pick<Container, 'service' | 'number'>): string {
  return service === REPLICAS ? `${service}-${number}` : service
}

/** Where the host reaches a port of a service; undefined where it is not published, or the service is not there. */
export function hostUrl(containers: readonly Container[], service: string, port: number): string | undefined {
  const published = containers.find((one) => one.service === service)?.ports.get(port)
  return published === undefined ? undefined : `http://127.0.0.1:${published}`
}
