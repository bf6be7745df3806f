/** Finds the parts of the cluster whose container was removed, and creates them again. */
import { z } from 'zod'
import { parseJson } from '../../lib/json/json.ts'
import { type Compose, requireSuccess } from '../cluster/compose.ts'
import { type Container, ONE_SHOT_SERVICES } from '../cluster/containers.ts'
import { REQUIRED } from '../cluster/readiness.ts'
import { say } from '../ui/terminal.ts'

const configSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      deploy: z.object({ replicas: z.number().optional() }).nullish(),
      profiles: z.array(z.string()).nullish(),
    }),
  ),
})

/** The services that Compose would start and that have no container. A part that is scaled to 0 is not missed. */
export async function findMissingServices(
  compose: Compose,
  containers: readonly Container[],
  signal: AbortSignal,
): Promise<string[]> {
  const printed = await compose.run(['config', '--format', 'json'], { output: 'captured', signal })
  const there = new Set(containers.map(({ service }) => service))
  return readWantedServices(printed.code === 0 ? printed.stdout : '').filter((service) => !there.has(service))
}

/** Reads them from `docker compose config --format json`; those that no cluster can do without where Compose is too old to print it. */
export function readWantedServices(json: string): string[] {
  const parsed = configSchema.safeParse(parseJson(json))
  if (!parsed.success) return [...ONE_SHOT_SERVICES, ...REQUIRED]
  return Object.entries(parsed.data.services).flatMap(([service, { deploy, profiles }]) =>
    deploy?.replicas === 0 || (profiles ?? []).length > 0 ? [] : [service],
  )
}

/** Creates the containers of these services and leaves all others as they are. */
export async function createServices(
  compose: Compose,
  services: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  say(`Creating ${services.join(', ')}, of which there is no container`)
  const up = ['up', '--no-start', '--no-deps', '--no-recreate', '--no-build', ...services]
  requireSuccess('docker compose up', await compose.run(up, { output: 'stderr', signal }))
}
