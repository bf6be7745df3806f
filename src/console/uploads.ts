/** Files that people drop into the console: kept in DATA_DIR, looked at by `inspect`, and classified by a run. */
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { makePrivateFolder, writePrivateFile } from '../embedded/private-files.ts'
import { ServiceError } from '../errors.ts'

export interface Upload {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly folder: string
  readonly bytes: number
  readonly uploadedAt: string
  /** The run that was started with it; null where none was. */
  readonly runId: string | null
}

export interface Uploads {
  /** Keeps a file. Rejects with ServiceError input-invalid for one that is too large or empty. */
  save(name: string, content: NodeJS.ReadableStream): Promise<Upload>
  /** Undefined for an id that nobody has. */
  find(id: string): Promise<Upload | undefined>
  /** Notes that a run was started with the file, which is then kept, because a resumed run reads it again. */
  markStarted(upload: Upload, runId: string): Promise<void>
  /** Deletes a file that no run was started with. Rejects with ServiceError input-invalid where one was. */
  remove(upload: Upload): Promise<void>
  /** The files that wait for their run, the newest first. */
  list(): Promise<readonly Upload[]>
  /** The files with which runs were started last, the newest first. */
  listStarted(): Promise<readonly Upload[]>
  /** Deletes files that nobody started a run with for a day. */
  prune(): Promise<void>
}

export const MAX_UPLOAD_BYTES = 4 * 1024 ** 3
const KEPT_MS = 24 * 60 * 60_000
const ABOUT = 'about.json'
const ID = /^[0-9a-f]{24}$/
const MOST_LISTED = 20

const aboutSchema = z.object({ name: z.string(), uploadedAt: z.iso.datetime(), runId: z.string().nullable() })

export function createUploads(directory: string): Uploads {
  const find = async (id: string): Promise<Upload | undefined> => {
    if (!ID.test(id)) return undefined
    const folder = join(directory, id)
    try {
      const about = aboutSchema.parse(JSON.parse(await readFile(join(folder, ABOUT), 'utf8')))
      const path = join(folder, about.name)
      return { id, folder, path, bytes: (await stat(path)).size, ...about }
    } catch {
      return undefined
    }
  }
  const all = async () => {
    const found = await Promise.all((await readdir(directory).catch(() => [])).map(find))
    return found.filter((one) => one !== undefined)
  }
  const newest = async (isWanted: (upload: Upload) => boolean) => {
    const wanted = (await all()).filter(isWanted)
    return wanted.sort((a, b) => (a.uploadedAt < b.uploadedAt ? 1 : -1)).slice(0, MOST_LISTED)
  }
  return {
    find,
    save: async (given, content) => {
      const id = randomBytes(12).toString('hex')
      const folder = join(directory, id)
      await makePrivateFolder(folder)
      const name = safeName(given)
      const path = join(folder, name)
      try {
        await pipeline(content, bounded(), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
        if ((await stat(path)).size === 0) throw new ServiceError('input-invalid', 'The file is empty')
        const about = { name, uploadedAt: new Date().toISOString(), runId: null }
        await writePrivateFile(join(folder, ABOUT), JSON.stringify(about))
      } catch (error) {
        await rm(folder, { recursive: true, force: true })
        throw error
      }
      const saved = await find(id)
      if (saved === undefined) throw new ServiceError('internal', 'The file could not be kept')
      return saved
    },
    markStarted: async ({ folder, name, uploadedAt }, runId) => {
      await writePrivateFile(join(folder, ABOUT), JSON.stringify({ name, uploadedAt, runId }))
    },
    remove: async ({ id }) => {
      // A run may have been started since the caller looked.
      const known = await find(id)
      if (known === undefined) return
      if (known.runId !== null) {
        const reason = `the run ${known.runId} was started with it, and reads it again when it is resumed`
        throw new ServiceError('input-invalid', `The file is kept: ${reason}`)
      }
      await rm(known.folder, { recursive: true, force: true })
    },
    list: () => newest(({ runId }) => runId === null),
    listStarted: () => newest(({ runId }) => runId !== null),
    prune: async () => {
      for (const { runId, uploadedAt, folder } of await all()) {
        if (runId !== null || Date.now() - Date.parse(uploadedAt) < KEPT_MS) continue
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/** The name of a file without what a path, an option or a terminal would take for something else. */
export function safeName(given: string): string {
  const last = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replace(/[^\p{L}\p{M}\p{N}._ ()+-]/gu, '_')
    .replace(/^[.\s-]+/, '')
    .slice(-120)
    .trim()
  return plain === '' || plain === ABOUT ? 'catalogue' : plain
}

function bounded(): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > MAX_UPLOAD_BYTES)
        done(new ServiceError('input-invalid', 'The file is larger than 4 GiB: use npm run classify'))
      else done(null, chunk)
    },
  })
}
