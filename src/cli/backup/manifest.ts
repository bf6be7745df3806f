/** The list of a backup: what it is of, and every file with its hash, so that a restore finds out what is missing or changed. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, writePrivateFile } from '../../embedded/private-files.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { type CopiedFile, listTree } from './tree.ts'

const FILE = 'backup.json'
const DATA = 'data'
const FORMAT = 1
const MOST_SHOWN = 3

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** What the backup is of: the embedded stack of a folder, or the volumes of the Compose cluster. */
  kind: z.enum(['embedded', 'cluster']),
  made_at: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
})
export type Manifest = z.infer<typeof manifestSchema>

/** The folder of the copied data in a backup. */
export function dataOf(directory: string): string {
  return join(directory, DATA)
}

/**
 * Makes the folder of a backup, has `fill` copy the data into a folder of it, and lists what was copied. The list is written last, so
 * that a backup without one is known to be none; what fails leaves the folder empty. Rejects as `fill` does, and with ServiceError
 * config-invalid where the folder is neither new nor empty.
 */
export async function writeBackup(
  directory: string,
  kind: Manifest['kind'],
  fill: (folder: string) => Promise<void>,
  signal: AbortSignal,
): Promise<Manifest> {
  await makeBackupFolder(directory)
  try {
    const folder = dataOf(directory)
    await makePrivateFolder(folder)
    await fill(folder)
    const files = await listTree(folder, signal)
    const manifest: Manifest = { format: FORMAT, kind, made_at: new Date().toISOString(), files }
    await writePrivateFile(join(directory, FILE), `${JSON.stringify(manifest, null, 2)}\n`, 'wx')
    return manifest
  } catch (error) {
    for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true, force: true })
    throw error
  }
}

async function makeBackupFolder(directory: string): Promise<void> {
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new ServiceError('config-invalid', `${directory} must be a folder: ${messageOf(error)}`, { cause: error })
  })
  if (entries.length > 0)
    throw new ServiceError(
      'config-invalid',
      `${directory} holds ${entries[0]} already: name a folder that is new or empty`,
    )
  await makePrivateFolder(directory)
}

/**
 * Reads the list of a backup, and compares every file with it. Rejects with ServiceError input-invalid where the folder is no whole
 * backup of this kind.
 */
export async function checkBackup(directory: string, kind: Manifest['kind'], signal: AbortSignal): Promise<Manifest> {
  const text = await readFile(join(directory, FILE), 'utf8').catch((error: unknown) => {
    throw new ServiceError('input-invalid', `${directory} is no whole backup: it has no ${FILE} (${messageOf(error)})`)
  })
  const { data: manifest, error } = manifestSchema.safeParse(parseJson(text))
  if (manifest === undefined)
    throw new ServiceError('input-invalid', `${join(directory, FILE)} is no list of a backup: ${messageOf(error)}`)
  if (manifest.kind !== kind) {
    const other = kind === 'embedded' ? 'add --cluster' : 'leave out --cluster'
    throw new ServiceError('input-invalid', `${directory} is a backup of kind ${manifest.kind}: ${other}`)
  }
  const faults = compare(manifest.files, await listTree(dataOf(directory), signal))
  if (faults.length > 0) {
    const more = faults.length > MOST_SHOWN ? ` and ${faults.length - MOST_SHOWN} more` : ''
    throw new ServiceError(
      'input-invalid',
      `${directory} was changed: ${faults.slice(0, MOST_SHOWN).join(', ')}${more}`,
    )
  }
  return manifest
}

function compare(listed: readonly CopiedFile[], found: readonly CopiedFile[]): string[] {
  const left = new Map(found.map((file) => [file.path, file]))
  const faults = listed.flatMap(({ path, sha256 }) => {
    const file = left.get(path)
    left.delete(path)
    if (file === undefined) return [`${path} is missing`]
    return file.sha256 === sha256 ? [] : [`${path} has another content`]
  })
  return [...faults, ...[...left.keys()].map((path) => `${path} is not in its list`)]
}
