/** Faults of machines: a clock that is wrong, a disk that is slow, a node's volume that is lost. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import type { Container } from '../../compose/cluster.ts'
import { start } from '../../compose/container-faults.ts'
import { docker, tryDocker } from '../../compose/docker.ts'
import { runCli } from '../../helpers/cli.ts'
import { containerOf, type Fault, NODE_PARTS, REPLICA_PARTS, type World } from './types.ts'

/** The clock of a replica is wrong by a day, in one direction or the other. */
const SKEW_MS = 86_400_000
/** Bytes a second that a slow disk takes. */
const SLOW_BYTES = 200_000

export const MACHINE_FAULTS: readonly Fault[] = [
  {
    name: 'clock-ahead',
    what: 'The clock of a replica is a day ahead, then right again.',
    group: 'replicas',
    targets: REPLICA_PARTS,
    holdS: [10, 40],
    inject: (world, target) => skew(world, target, SKEW_MS),
  },
  {
    name: 'clock-behind',
    what: 'The clock of a replica is a day behind, then right again.',
    group: 'replicas',
    targets: REPLICA_PARTS,
    holdS: [10, 40],
    inject: (world, target) => skew(world, target, -SKEW_MS),
  },
  {
    name: 'slow-disk',
    what: 'The disk of a node or of the database takes 200 kB a second.',
    group: 'nodes',
    targets: [...NODE_PARTS, 'timescaledb'],
    holdS: [10, 40],
    inject: async (world, target) => {
      const container = await containerOf(world, target)
      await limitDisk(container, SLOW_BYTES)
      return () => limitDisk(container, 0)
    },
  },
  {
    name: 'lost-volume',
    what: 'A node loses its volume, and cluster:repair brings it back.',
    group: 'nodes',
    targets: NODE_PARTS,
    holdS: [10, 20],
    inject: async (world, target) => {
      const container = await containerOf(world, target)
      await docker(['stop', '--time', '1', container.ID])
      const image = (await docker(['inspect', '--format', '{{.Config.Image}}', container.ID])).trim()
      const empty = ['run', '--rm', '--volumes-from', container.ID, '--entrypoint', 'sh', image]
      await docker([...empty, '-c', 'rm -rf /restate-data/* /restate-data/.[!.]*'])
      await start(container)
      return () => repair(world, target)
    },
  },
]

async function skew(world: World, target: string, ms: number) {
  const container = await containerOf(world, target)
  await world.skewClock(container, ms)
  return () => world.skewClock(container, 0)
}

async function repair({ cluster }: World, node: string): Promise<void> {
  const env = { ...cluster.env, COMPOSE_PROJECT_NAME: cluster.project, ...tokenOf(cluster.token) }
  const { code, stderr } = await runCli(['cluster:repair', node], { env })
  if (code !== 0) throw new Error(`cluster:repair ${node} ended with ${code}:\n${stderr}`)
}

function tokenOf(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { API_TOKEN: token }
}

/** Limits what a container writes to the disk of Docker, by its control group; 0 takes the limit away. */
async function limitDisk({ ID }: Container, bytes: number): Promise<void> {
  const root = (await docker(['info', '--format', '{{.DockerRootDir}}'])).trim()
  const device = deviceOf(root)
  const pid = (await tryDocker(['inspect', '--format', '{{.State.Pid}}', ID])).stdout.trim()
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  const [, first] = /^\d+:(?:[^:]*,)?blkio(?:,[^:]*)?:(.*)$/m.exec(groups) ?? []
  const [, second] = /^0::(.*)$/m.exec(groups) ?? []
  if (first !== undefined) {
    writeFileSync(`/sys/fs/cgroup/blkio${first}/blkio.throttle.write_bps_device`, `${device} ${bytes}\n`)
  } else {
    writeFileSync(`/sys/fs/cgroup${second}/io.max`, `${device} wbps=${bytes === 0 ? 'max' : bytes}\n`)
  }
}

/** The numbers of the block device that holds a path, as "254:0". */
function deviceOf(path: string): string {
  const { dev } = statSync(path)
  return `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`
}
