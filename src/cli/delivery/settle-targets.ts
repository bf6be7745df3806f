/** Settles where a run delivers its results, before anything is asked: by its options, or as it began. */
import { resolve } from 'node:path'
import { formatOfName, formatOfOutput, type TableFormat } from '../../catalogue/output/write-table.ts'
import { printable } from '../../catalogue/problem-report.ts'
import { isObjectUrl, parseObjectUrl } from '../../catalogue/remote/objects.ts'
import { readObjectStore } from '../../config/object-store.ts'
import { type OutsideDatabase, readOutsideDatabase } from '../../config/outside-database.ts'
import { ServiceError } from '../../errors.ts'
import type { TableFlags } from '../sources/source-flags.ts'
import { checkOutput, isSameFile } from '../ui/output-file.ts'
import type { Targets } from './targets.ts'

/** The options of a command that writes results to a file. */
export interface OutputFlags {
  readonly out?: string
  readonly format?: TableFormat
}

/** The options by which a run is told where its results go. */
export type TargetFlags = OutputFlags & TableFlags

/**
 * The format of an output: as the user said, else by the ending of its name. What has no ending, such as a pipe, is CSV. Throws
 * ServiceError input-invalid for any other ending.
 */
export function outputFormat(name: string, format: TableFormat | undefined): TableFormat {
  if (format !== undefined) return format
  if (name === '-' || !/\.[^./\\]*$/.test(name)) return 'csv'
  return formatOfName(name) ?? formatOfOutput(name, '--out')
}

/** The outputs of a run, as the journal keeps them, and how the database of them is reached. */
export interface SettledTargets {
  readonly targets: Targets
  readonly database?: OutsideDatabase
}

/** The outputs of the run, checked; undefined where it has none. Rejects with ServiceError input-invalid. */
export async function settleTargets(
  flags: TargetFlags,
  { path, before }: { readonly path: string; readonly before: Targets | undefined },
): Promise<SettledTargets | undefined> {
  const out = flags.out === undefined ? fileOf(before) : await fileTarget(flags.out, flags.format, path)
  const database = databaseOf(flags, before)
  const table = flags.toTable ?? before?.table
  if (database === undefined) {
    if (flags.toTable !== undefined) throw new ServiceError('input-invalid', '--table stands behind --from or --to')
    return Object.keys(out).length === 0 ? undefined : { targets: out }
  }
  if (table === undefined) {
    throw new ServiceError(
      'input-invalid',
      '--to needs a table, which is made where it is missing: --to URL --table results',
    )
  }
  return { targets: { ...out, to: database.url, table }, database }
}

/** The database that was typed, or that of the run that is resumed, whose password is then in the environment. */
function databaseOf({ to }: TargetFlags, before: Targets | undefined): OutsideDatabase | undefined {
  if (to !== undefined) return readOutsideDatabase(to, '--to')
  return before?.to === undefined ? undefined : readOutsideDatabase(before.to, 'the run')
}

function fileOf({ out, format }: Targets = {}): Pick<Targets, 'out' | 'format'> {
  return { ...(out === undefined ? {} : { out }), ...(format === undefined ? {} : { format }) }
}

async function fileTarget(name: string, given: TableFormat | undefined, path: string) {
  const format = outputFormat(name, given)
  if (name === '-') return { out: name, format }
  if (isObjectUrl(name)) {
    parseObjectUrl(name, '--out')
    readObjectStore()
    return { out: name, format }
  }
  if (path !== '-' && (await isSameFile(name, path))) {
    throw new ServiceError(
      'input-invalid',
      `--out ${printable(name)} is the catalogue itself: name another file, so that it is not written over`,
    )
  }
  await checkOutput(name, { option: '--out' })
  return { out: resolve(name), format }
}
