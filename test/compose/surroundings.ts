/** The surroundings of other people's machines, for a cluster of a test: a closed clone, and a Docker with proxies. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What a cluster needs of the repository. */
const PARTS = [
  ...['docker-compose.cluster.yml', 'Dockerfile', '.dockerignore', '.npmrc', 'package.json', 'package-lock.json'],
  ...['docker', 'nginx', 'src'],
]
/** No user of a container, and not the one that tests run as where that is root. */
const OWNER = 4321

/**
 * Copies the repository at `root` to `directory` as a clone under umask 077 is: its owner alone may read it. Root without
 * capabilities, as a node runs, may not either.
 */
export async function makeClosedClone(root: string, directory: string): Promise<string> {
  await mkdir(directory)
  for (const part of PARTS) await cp(join(root, part), join(directory, part), { recursive: true })
  const run = promisify(execFile)
  await run('chmod', ['-R', 'go-rwx', directory])
  if (process.getuid?.() === 0) await run('chown', ['-R', `${OWNER}:${OWNER}`, directory])
  return directory
}

/**
 * Writes a configuration of Docker that gives every container proxies at which nobody answers, beside what the user's own has.
 * Resolves with its directory, for DOCKER_CONFIG.
 */
export async function makeProxiedDockerConfig(directory: string): Promise<string> {
  await mkdir(directory)
  const own = process.env.DOCKER_CONFIG ?? join(homedir(), '.docker')
  const given = JSON.parse(await readFile(join(own, 'config.json'), 'utf8').catch(() => '{}')) as object
  // Port 9 is that of "discard", on which nothing listens in a container.
  const proxy = 'http://127.0.0.1:9'
  const proxies = { default: { httpProxy: proxy, httpsProxy: proxy, allProxy: proxy, noProxy: 'corp.example' } }
  await writeFile(join(directory, 'config.json'), JSON.stringify({ ...given, proxies }))
  for (const folder of ['cli-plugins', 'contexts']) {
    await symlink(join(own, folder), join(directory, folder)).catch(() => undefined)
  }
  return directory
}
