/** The program `npm run cluster:memory`: prints the memory of each part of a running cluster, as `docker stats` measures it. */
import { fileURLToPath } from 'node:url'
import { docker } from './docker.ts'

/** All containers of one service; the five nodes count as one service. */
export interface MemoryPart {
  readonly service: string
  readonly containers: number
  readonly mib: number
}

/** Services that the sum leaves out, because they only watch the cluster and start by profile. */
const MONITORING: ReadonlySet<string> = new Set(['prometheus', 'grafana'])
/** Mebibytes of each unit that `docker stats` prints. */
const MIB_PER_UNIT: Readonly<Record<string, number>> = { B: 2 ** -20, KiB: 2 ** -10, MiB: 1, GiB: 2 ** 10 }

/** The memory by service, the largest first, without file cache that the kernel may drop. */
export async function readMemory(project: string): Promise<MemoryPart[]> {
  const label = `label=com.docker.compose.project=${project}`
  const format = '{{.ID}} {{.Label "com.docker.compose.service"}}'
  const listed = (await docker(['ps', '--no-trunc', '--filter', label, '--format', format])).trim()
  if (listed === '') return []
  const services = new Map(listed.split('\n').map((line) => line.split(' ') as [string, string]))
  const stats = await docker([
    'stats',
    '--no-stream',
    '--no-trunc',
    '--format',
    '{{.ID}} {{.MemUsage}}',
    ...services.keys(),
  ])
  const parts = new Map<string, MemoryPart>()
  for (const line of stats.trim().split('\n')) {
    const [, id = '', amount = '', unit = ''] = /^(\S+) ([\d.]+)(\w+) \//.exec(line) ?? []
    const service = (services.get(id) ?? '').replace(/-\d+$/, '')
    const factor = MIB_PER_UNIT[unit]
    if (service === '' || factor === undefined) continue
    const { containers = 0, mib = 0 } = parts.get(service) ?? {}
    parts.set(service, { service, containers: containers + 1, mib: mib + Number(amount) * factor })
  }
  return [...parts.values()].sort((a, b) => b.mib - a.mib)
}

/** MiB of all parts but Prometheus and Grafana. */
export function sumMemory(parts: readonly MemoryPart[]): number {
  return parts.filter(({ service }) => !MONITORING.has(service)).reduce((sum, { mib }) => sum + mib, 0)
}

export function formatMemory(parts: readonly MemoryPart[]): string {
  const row = (name: string, containers: string, mib: number) =>
    `${name.padEnd(32)}${containers.padStart(4)}${mib.toFixed(0).padStart(8)} MiB`
  return [
    ...parts.map(({ service, containers, mib }) => row(service, `x${containers}`, mib)),
    row('all but Prometheus and Grafana', '', sumMemory(parts)),
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2))

async function main([named]: readonly string[]): Promise<number> {
  try {
    const project = named ?? (await currentProject())
    const parts = await readMemory(project)
    if (parts.length === 0) {
      console.error(
        `No container of the project ${project} is running. Start it, or name another: npm run cluster:memory -- PROJECT`,
      )
      return 1
    }
    console.log(formatMemory(parts))
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
}

/** The project that Compose itself chooses: COMPOSE_PROJECT_NAME, or else the name of the directory. */
async function currentProject(): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('COMPOSE_'))) as Record<
    string,
    string
  >
  const config = JSON.parse(
    await docker(['compose', '-f', 'docker-compose.cluster.yml', 'config', '--format', 'json'], { env }),
  ) as { name: string }
  return config.name
}
