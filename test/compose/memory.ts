/** `npm run cluster:memory`: what each part of a running cluster takes, as `docker stats` sees it. */
import { fileURLToPath } from 'node:url'
import { docker } from './docker.ts'

export interface MemoryPart {
  readonly service: string
  readonly containers: number
  readonly mib: number
}

/** Not counted in the sum: they watch, and come by profile. */
const WATCHERS: ReadonlySet<string> = new Set(['prometheus', 'grafana'])
const UNITS: Readonly<Record<string, number>> = { B: 2 ** -20, KiB: 2 ** -10, MiB: 1, GiB: 2 ** 10 }

/** By service, largest first. File cache that the kernel may drop does not count. */
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
    const factor = UNITS[unit]
    if (service === '' || factor === undefined) continue
    const { containers = 0, mib = 0 } = parts.get(service) ?? {}
    parts.set(service, { service, containers: containers + 1, mib: mib + Number(amount) * factor })
  }
  return [...parts.values()].sort((a, b) => b.mib - a.mib)
}

/** MiB of all parts but Prometheus and Grafana. */
export function sumMemory(parts: readonly MemoryPart[]): number {
  return parts.filter(({ service }) => !WATCHERS.has(service)).reduce((sum, { mib }) => sum + mib, 0)
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
      console.error(`Nothing of project ${project} runs. Start it, or name another: npm run cluster:memory -- PROJECT`)
      return 1
    }
    console.log(formatMemory(parts))
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
}

/** As Compose itself finds it: COMPOSE_PROJECT_NAME, else the directory's name. */
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
