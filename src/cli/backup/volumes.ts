/** Backs up and restores the volumes of the Compose cluster, which must not run meanwhile. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { type Compose, findCompose, requireSuccess } from '../cluster/compose.ts'
import { listContainers } from '../cluster/containers.ts'
import { say } from '../ui/terminal.ts'
import { checkBackup, dataOf, type Manifest, writeBackup } from './manifest.ts'
import { copyTree } from './tree.ts'

/** Volumes whose content the service `secrets` copies from the clone at every start. */
const COPIED_AT_START = /^files(-|$)/
const IDENTITY = 'identity'
const ARCHIVE = '.tar'

const projectSchema = z.object({
  services: z.object({ nginx: z.object({ image: z.string() }) }),
  volumes: z.record(z.string(), z.object({ name: z.string() })),
})

/** Packs each volume of the cluster, and copies the signing keys. */
export async function backUpCluster(config: Config, directory: string, signal: AbortSignal): Promise<Manifest> {
  const cluster = await findCluster(config, signal)
  const present = await presentVolumes(cluster, signal)
  if (present.length === 0)
    throw new ServiceError('cluster-failed', 'The cluster has no volumes: nothing was backed up')
  const packAll = async (folder: string) => {
    for (const key of present) {
      say(`Packing ${key} …`)
      const options = { key, folder: resolve(folder), isReadOnly: true, signal }
      await tar(cluster, options, ['-cf', `/backup/${key}${ARCHIVE}`, '.'])
    }
    await copyIdentity(config.cluster.identityDir, join(folder, IDENTITY), signal)
  }
  return await writeBackup(directory, 'cluster', packAll, signal)
}

/** Makes the volumes of the cluster anew and unpacks the backup into them. Rejects where there are some already. */
export async function restoreCluster(config: Config, directory: string, signal: AbortSignal): Promise<Manifest> {
  const cluster = await findCluster(config, signal)
  const [present] = await presentVolumes(cluster, signal)
  if (present !== undefined)
    throw new ServiceError(
      'cluster-failed',
      `The cluster has the volume ${cluster.volumes[present]} already: back it up, then remove it with npm run cluster:clean`,
    )
  const manifest = await checkBackup(directory, 'cluster', signal)
  const names = await readdir(dataOf(directory))
  const keys = names.filter((name) => name.endsWith(ARCHIVE)).map((name) => name.slice(0, -ARCHIVE.length))
  try {
    await makeVolumes(cluster, keys, signal)
    for (const key of keys) {
      say(`Unpacking ${key} …`)
      const folder = resolve(dataOf(directory))
      await tar(cluster, { key, folder, isReadOnly: false, signal }, ['-xpf', `/backup/${key}${ARCHIVE}`])
    }
    await copyIdentity(join(dataOf(directory), IDENTITY), config.cluster.identityDir, signal)
    return manifest
  } catch (error) {
    await removeVolumes(cluster)
    throw error
  }
}

/**
 * Removes the volumes of a restore that failed, none of which was there before it: half of the data would be taken for the whole of
 * it at the next start. Says so where Docker does not remove them, as when a container of the restore still has one.
 */
async function removeVolumes({ compose }: Cluster): Promise<void> {
  const removal = { output: 'captured', allProfiles: true } as const
  const removed = await compose.run(['down', '--volumes'], removal).catch(() => undefined)
  if (removed?.code !== 0) say('The volumes now hold a part of the data alone: remove them with npm run cluster:clean')
}

/**
 * Has Compose make the volumes, so that it knows them as its own. Nothing runs yet. Parts by profile, and their images, are only asked
 * for where the backup has their volumes.
 */
async function makeVolumes(cluster: Cluster, keys: readonly string[], signal: AbortSignal): Promise<void> {
  for (const allProfiles of [false, true]) {
    const made = await cluster.compose.run(['up', '--no-start'], { output: 'stderr', allProfiles, signal })
    requireSuccess('docker compose up --no-start', made)
    const present = await presentVolumes(cluster, signal)
    if (keys.every((key) => present.includes(key))) return
  }
  throw new ServiceError(
    'cluster-failed',
    'The Compose file has no longer all volumes of the backup: use the release that made it',
  )
}

interface Cluster {
  readonly compose: Compose
  /** The image whose `tar` packs and unpacks. */
  readonly image: string
  /** The names that Docker has for the volumes, by their names in the Compose file. */
  readonly volumes: Readonly<Record<string, string>>
}

async function findCluster(config: Config, signal: AbortSignal): Promise<Cluster> {
  const compose = await findCompose(config, signal)
  const containers = await listContainers(compose, signal)
  if (containers.some(({ state }) => state === 'running'))
    throw new ServiceError('cluster-failed', 'The cluster runs, and its volumes change meanwhile: npm run cluster:stop')
  const described = await compose.run(['config', '--format', 'json'], { output: 'captured', allProfiles: true, signal })
  const project = projectSchema.safeParse(parseJson(requireSuccess('docker compose config', described).stdout))
  if (!project.success)
    throw new ServiceError('cluster-failed', 'docker compose config says nothing of volumes: use Compose 2')
  const { services, volumes } = project.data
  const own = Object.entries(volumes).filter(([key]) => !COPIED_AT_START.test(key))
  return {
    compose,
    image: services.nginx.image,
    volumes: Object.fromEntries(own.map(([key, { name }]) => [key, name])),
  }
}

/** The volumes of the Compose file that Docker has. */
async function presentVolumes({ compose, volumes }: Cluster, signal: AbortSignal): Promise<string[]> {
  const listed = await compose.docker(['volume', 'ls', '-q'], { output: 'captured', signal })
  const known = new Set(requireSuccess('docker volume ls', listed).stdout.split('\n'))
  return Object.keys(volumes).filter((key) => known.has(volumes[key] ?? ''))
}

interface TarOptions {
  readonly key: string
  /** The folder on this machine, mounted as /backup. */
  readonly folder: string
  /** Whether the volume is read and the folder written, or the other way round. */
  readonly isReadOnly: boolean
  readonly signal: AbortSignal
}

async function tar({ compose, image, volumes }: Cluster, options: TarOptions, args: readonly string[]): Promise<void> {
  const { key, folder, isReadOnly, signal } = options
  const mounts = [`${volumes[key]}:/volume${isReadOnly ? ':ro' : ''}`, `${folder}:/backup${isReadOnly ? '' : ':ro'}`]
  const result = await compose.docker(
    [
      ...['run', '--rm', '--network', 'none', '--user', '0:0', '--entrypoint', 'tar'],
      ...mounts.flatMap((mount) => ['-v', mount]),
      ...[image, '--numeric-owner', '-C', '/volume', ...args],
    ],
    { output: 'captured', signal },
  )
  requireSuccess(`tar of the volume ${key}`, result)
}

/** Copies the parts of the folder of signing keys. A cluster that signs nothing has none. */
async function copyIdentity(from: string, to: string, signal: AbortSignal): Promise<void> {
  for (const part of ['nodes', 'replicas']) {
    const isThere = await stat(join(from, part)).catch(() => undefined)
    if (isThere === undefined) continue
    await mkdir(to, { recursive: true, mode: 0o700 })
    await rm(join(to, part), { recursive: true, force: true })
    await copyTree(join(from, part), join(to, part), { signal })
  }
}
