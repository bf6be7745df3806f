/** A cluster for a test: the Compose file of this repository under a project name, with ports and an environment of its own. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { registerDeployment } from '../../src/cli/cluster/register.ts'
import { ensureIdentity } from '../../src/embedded/identity.ts'
import { sha256 } from '../../src/lib/sha256.ts'
import type { OfflineModelStats } from '../../src/offline-model/stats.ts'
import { type RunningCli, startCli } from '../helpers/cli/cli.ts'
import { freePorts } from '../helpers/ports.ts'
import { docker } from './docker.ts'
import { removeProject } from './project.ts'
import { makeClosedClone, makeProxiedDockerConfig } from './surroundings.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMPOSE_FILE = 'docker-compose.cluster.yml'
/** Seconds within which all parts have to be healthy. */
const UP_TIMEOUT_S = 240
/** Set by --keep, so that the cluster is left running after the tests for a look at it. */
export const isKept = process.env.COMPOSE_TEST_KEEP !== undefined
export const NODES = [1, 2, 3, 4, 5] as const

export interface ClusterOptions {
  readonly project: string
  /** Variables of the Compose file; the ports and the account of the database are set without them. */
  readonly env?: Readonly<Record<string, string>>
  /** The token that the test and the commands show; it has every right. Without it callers need none. */
  readonly token?: string
  readonly profiles?: readonly string[]
  /** Secrets that the cluster gets in files, in addition to those that every test plants. */
  readonly secrets?: Readonly<Record<string, string>>
  /** A further Compose file that changes the first. */
  readonly override?: string
  /** Whether the clone is closed to others and Docker gives containers proxies at which nobody answers. */
  readonly isHostile?: boolean
}

/** A container as `docker compose ps --format json` lists it. */
export interface Container {
  readonly ID: string
  readonly Name: string
  readonly Service: string
  readonly State: string
  readonly Health: string
  readonly ExitCode: number
}

export interface Cluster {
  readonly project: string
  /** The addresses of the nodes, in the order of their numbers. */
  readonly ingressUrls: readonly string[]
  readonly adminUrls: readonly string[]
  readonly nginxUrl: string
  readonly modelUrl: string
  readonly prometheusUrl: string
  readonly databaseUrl: string
  readonly env: Readonly<Record<string, string>>
  readonly token: string | undefined
  /** The header that shows the token; none where callers need none. */
  readonly authorization: Readonly<Record<string, string>>
  /** Secrets by the names of their settings. The cluster gets them in files, so that they may stand nowhere else. */
  readonly secrets: Readonly<Record<string, string>>
  /** `docker compose` with file, project and environment. Resolves with stdout. */
  compose(...args: string[]): Promise<string>
  /** The same with further variables of the Compose file. */
  composeWith(more: Readonly<Record<string, string>>, ...args: string[]): Promise<string>
  /** Builds, starts what is not there, and waits until all parts are healthy. */
  up(...args: string[]): Promise<void>
  /** Registers the replicas at the first node that answers, which tells the others. */
  register(): Promise<void>
  containers(service?: string): Promise<Container[]>
  container(service: string, index?: number): Promise<Container>
  /** Starts the command `classify` as a user would, against all five nodes. */
  classify(args: readonly string[]): RunningCli
  /** Starts another command as a user would who has several clusters on this machine. */
  command(args: readonly string[]): RunningCli
  modelStats(withIndicators?: boolean): Promise<OfflineModelStats>
  query<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]>
  /** Removes the containers, volumes, network, image and temporary files. */
  down(): Promise<void>
}

const PORTS = [
  ...NODES.map((node) => `CLUSTER_INGRESS_PORT_${node}`),
  ...NODES.map((node) => `CLUSTER_ADMIN_PORT_${node}`),
  ...NODES.map((node) => `CLUSTER_NODE_PORT_${node}`),
  'CLUSTER_NGINX_PORT',
  'CLUSTER_PGBOUNCER_PORT',
  'CLUSTER_MINIO_PORT',
  'CLUSTER_MODEL_PORT',
  'CLUSTER_CONSOLE_PORT',
  'CLUSTER_PROMETHEUS_PORT',
  'CLUSTER_GRAFANA_PORT',
]

/** Chooses ports and writes the signing key. No container starts before `up`. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { project, profiles = [] } = options
  const ports = await freePorts(PORTS.length)
  const dir = await mkdtemp(join(tmpdir(), 'classify-compose-'))
  const { token } = options
  const tokens: Record<string, string> = {}
  if (token !== undefined) {
    tokens['API_TOKENS_FILE'] = join(dir, 'tokens')
    const line = `tester:${sha256(token)}:submit+read+review+operate`
    await writeFile(tokens['API_TOKENS_FILE'], `${line}\n`, { mode: 0o600 })
    // The client that registers the replicas reads the environment of this process.
    process.env['API_TOKEN'] = token
  }
  const identity = join(dir, 'identity')
  await ensureIdentity({ directory: identity, variable: 'CLUSTER_IDENTITY_DIR', value: identity, isMounted: true })
  const secrets: Record<string, string> = {
    POSTGRES_PASSWORD: plant(),
    SNAPSHOT_ACCESS_KEY_ID: plant(),
    SNAPSHOT_SECRET_ACCESS_KEY: plant(),
    GRAFANA_ADMIN_PASSWORD: plant(),
    OPENAI_HEADERS: JSON.stringify({ 'X-Planted': plant() }),
    HTTPS_PROXY: `http://planted:${plant()}@proxy.invalid:3128`,
    ...options.secrets,
  }
  const env: Record<string, string> = {
    ...Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])])),
    // These differ from the defaults, so that a part that ignores them fails.
    POSTGRES_USER: 'tester',
    POSTGRES_DB: 'tested',
    CLASSIFY_IMAGE: `${project}:test`,
    CLUSTER_IDENTITY_DIR: identity,
    ...(await writeSecrets(join(dir, 'secrets'), secrets)),
    ...tokens,
    ...options.env,
  }
  const urlOf = (name: string) => `http://127.0.0.1:${env[name]}`
  const root = options.isHostile === true ? await makeClosedClone(ROOT, join(dir, 'clone')) : ROOT
  const proxied = options.isHostile === true ? await makeProxiedDockerConfig(join(dir, 'docker')) : undefined
  const before = ['compose', '--env-file', '/dev/null', '--project-directory', root, '-f', join(root, COMPOSE_FILE)]
  if (options.override !== undefined) before.push('-f', options.override)
  const composeWith = (more: Readonly<Record<string, string>>, ...args: string[]) => {
    const chosen = profiles.flatMap((profile) => ['--profile', profile])
    // The build needs its proxies, if there are any, and gets no others.
    const config = proxied === undefined || args[0] === 'build' ? {} : { DOCKER_CONFIG: proxied }
    return docker([...before, '-p', project, ...chosen, ...args], {
      env: { ...env, ...more, ...config },
      cwd: ROOT,
      timeoutMs: 600_000,
    })
  }
  const compose = (...args: string[]) => composeWith({}, ...args)
  const ingressUrls = NODES.map((node) => urlOf(`CLUSTER_INGRESS_PORT_${node}`))
  const adminUrls = NODES.map((node) => urlOf(`CLUSTER_ADMIN_PORT_${node}`))
  const database = `${env.POSTGRES_USER}:${secrets.POSTGRES_PASSWORD}@127.0.0.1:${env.CLUSTER_PGBOUNCER_PORT}`
  const cluster: Cluster = {
    project,
    env,
    token,
    authorization: token === undefined ? {} : { authorization: `Bearer ${token}` },
    secrets,
    compose,
    composeWith,
    ingressUrls,
    adminUrls,
    nginxUrl: urlOf('CLUSTER_NGINX_PORT'),
    modelUrl: urlOf('CLUSTER_MODEL_PORT'),
    prometheusUrl: urlOf('CLUSTER_PROMETHEUS_PORT'),
    databaseUrl: `postgres://${database}/${env.POSTGRES_DB}`,
    up: async (...args) => {
      await compose('build', 'classify-service')
      await compose('up', '-d', '--wait', '--wait-timeout', String(UP_TIMEOUT_S), ...args)
    },
    register: async () => {
      await registerDeployment(adminUrls, { signal: new AbortController().signal })
    },
    containers: async (service) => {
      const text = await compose('ps', '-a', '--format', 'json', ...(service === undefined ? [] : [service]))
      return text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Container)
    },
    container: async (service, index = 1) => {
      const found = (await cluster.containers(service)).find(({ Name }) => Name.endsWith(`-${index}`))
      if (found === undefined) throw new Error(`There is no ${service} ${index}`)
      return found
    },
    classify: (args) =>
      startCli(['classify', ...args], {
        env: {
          DATA_DIR: dir,
          RESTATE_INGRESS_URL: ingressUrls.join(','),
          RESTATE_ADMIN_URL: adminUrls.join(','),
          ...(token === undefined ? {} : { API_TOKEN: token }),
        },
        cwd: dir,
      }),
    command: (args) =>
      startCli(args, {
        env: {
          ...Object.fromEntries(Object.entries(env).filter(([name]) => /^CLUSTER_|_IMAGE$/.test(name))),
          COMPOSE_PROJECT_NAME: project,
          DATA_DIR: dir,
          ...(token === undefined ? {} : { API_TOKEN: token }),
        },
        cwd: dir,
      }),
    modelStats: async (withIndicators = false) => {
      const response = await fetch(`${urlOf('CLUSTER_MODEL_PORT')}/stats?indicators=${withIndicators ? 1 : 0}`)
      return (await response.json()) as OfflineModelStats
    },
    query: async <T extends object>(text: string, values: readonly unknown[] = []) => {
      const client = new pg.Client({ connectionString: cluster.databaseUrl, connectionTimeoutMillis: 10_000 })
      client.on('error', () => undefined)
      await client.connect()
      try {
        return (await client.query<T>(text, [...values])).rows
      } finally {
        await client.end()
      }
    },
    down: async () => {
      await removeProject(project)
      await rm(dir, { recursive: true, force: true })
    },
  }
  return cluster
}

/** A word that stands nowhere by chance. */
export function plant(): string {
  return `planted${randomBytes(12).toString('hex')}`
}

/** Writes each secret to a file that only this user can open. Resolves with the variables that name the files. */
async function writeSecrets(
  directory: string,
  secrets: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  await mkdir(directory, { mode: 0o700 })
  const written = Object.entries(secrets).map(async ([name, value]): Promise<[string, string]> => {
    const file = join(directory, name)
    await writeFile(file, `${value}\n`, { mode: 0o600 })
    return [`${name}_FILE`, file]
  })
  return Object.fromEntries(await Promise.all(written))
}
