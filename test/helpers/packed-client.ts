/** The package as `npm pack` makes it, unpacked into the node_modules of an empty project. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const run = promisify(execFile)

/** The environment without what npm sets for the programs that it starts. */
export function plainEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))
  return { ...Object.fromEntries(own), ...more }
}

/**
 * Packs the project and puts the package where an installation would. What the package depends on is left out, so that the client has
 * to do without. Resolves with the folder, which the caller removes.
 */
export async function projectWithClient(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'classify-project-'))
  const home = join(project, 'node_modules/classify-service')
  await mkdir(home, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], {
    ...{ cwd: ROOT, env: plainEnv(), maxBuffer: 64 * 1024 * 1024 },
  })
  const packed = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1] ?? ''
  await run('tar', ['-xzf', join(project, packed), '-C', home, '--strip-components=1'])
  await writeFile(join(project, 'package.json'), '{"type": "module", "private": true}')
  return project
}
