/** What a Compose project of a test leaves in Docker: removed, or found after it. */
import { docker, tryDocker } from './docker.ts'

/** Removes a project by its labels alone, so that it works in any state and after a change of the Compose file. */
export async function removeProject(project: string): Promise<void> {
  const label = ['--filter', `label=com.docker.compose.project=${project}`]
  const ids = async (kind: 'container' | 'volume' | 'network') => {
    const all = kind === 'container' ? ['-a'] : []
    const text = await docker([kind, 'ls', '-q', ...all, ...label])
    return text.split('\n').filter((line) => line !== '')
  }
  const containers = await ids('container')
  if (containers.length > 0) await tryDocker(['rm', '-f', '-v', ...containers])
  for (const network of await ids('network')) await tryDocker(['network', 'rm', network])
  const volumes = await ids('volume')
  if (volumes.length > 0) await tryDocker(['volume', 'rm', '-f', ...volumes])
  const images = await docker([
    'image',
    'ls',
    '--filter',
    `reference=${project}`,
    '--format',
    '{{.Repository}}:{{.Tag}}',
  ])
  for (const image of images.split('\n').filter((line) => line !== '')) await tryDocker(['image', 'rm', image])
}

/** The containers, volumes and networks of a project that still exist, such as "volume x_data". */
export async function findLeftovers(project: string): Promise<string[]> {
  const label = `label=com.docker.compose.project=${project}`
  const kinds = ['container', 'volume', 'network'] as const
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const name = kind === 'container' ? '{{.Names}}' : '{{.Name}}'
      const text = await docker([
        kind,
        'ls',
        ...(kind === 'container' ? ['-a'] : []),
        '--filter',
        label,
        '--format',
        name,
      ])
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => `${kind} ${line}`)
    }),
  )
  return found.flat()
}
