/** The copies of catalogues in DATA_DIR that `all-in-one` makes of the database: each stays as long as a run that can be resumed reads it. */
import { access, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { createRunId } from '../classify/run-id.ts'
import { readCataloguePaths } from '../classify/run-journal.ts'

const COPY_NAME = /^indicators-run-\d{14}-[0-9a-f]{8}\.jsonl$/

/** A free path for a copy. Every run gets a file of its own, because an interrupted run reads its file again when it is resumed. */
export async function newCataloguePath(dataDir: string): Promise<string> {
  return join(await makeDataDir(dataDir, 'cluster'), `indicators-${createRunId('run')}.jsonl`)
}

/** Removes the file at `path` where it is a copy and no run reads it any more. */
export async function removeUnreadCopy(dataDir: string, path: string): Promise<void> {
  if (!isCopy(dataDir, path)) return
  if (![...(await readCataloguePaths(dataDir)).values()].includes(path)) await rm(path, { force: true })
}

/** The copy that the run alone reads; undefined where there is none. */
export async function findCopyOf(dataDir: string, runId: string): Promise<string | undefined> {
  const paths = await readCataloguePaths(dataDir)
  const path = paths.get(runId)
  paths.delete(runId)
  if (path === undefined || !isCopy(dataDir, path) || [...paths.values()].includes(path)) return undefined
  return await access(path).then(
    () => path,
    () => undefined,
  )
}

function isCopy(dataDir: string, path: string): boolean {
  return dirname(path) === join(resolve(dataDir), 'cluster') && COPY_NAME.test(basename(path))
}
