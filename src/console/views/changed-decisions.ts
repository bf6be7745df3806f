/** Finds how many records of a dropped file people had decided before they changed, since a run decides these anew. */
import { z } from 'zod'
import type { Store } from '../../store/types.ts'
import type { CommandRunner } from '../commands.ts'
import type { Inspections, Reading } from '../inspections.ts'
import type { Upload } from '../uploads.ts'

export interface ChangedDecisionsDeps {
  readonly store: Pick<Store, 'views'>
  readonly commands: CommandRunner
  readonly inspections: Pick<Inspections, 'optionsOf'>
}

/** The catalogue and the codebook that a run is for. */
export interface RunTarget {
  readonly catalogue: string
  readonly codebook: string
}

/** A dry run reads the file as a whole and asks the service about each batch. */
const PATIENCE_MS = 10 * 60_000
/** People go on deciding while a page is open. */
const FRESH_MS = 60_000
const KEPT = 50
/** The code of the warning by which an estimate tells the number. */
const CODE = 'changed-decision'

const estimateSchema = z.object({ warnings: z.array(z.object({ code: z.string(), count: z.number() })) })

/** Whether people decided any result of the catalogue that still stands. */
export async function hasDecisions({ views }: Pick<Store, 'views'>, target: RunTarget): Promise<boolean> {
  const filter = { ...target, fields: [], source: 'person' } as const
  return (await views.search(filter, undefined, 1)).found > 0
}

/** What is known of it; the look begins with the first question, and null stands for a number that is not known yet, or not at all. */
export function createChangedDecisions({ store, commands, inspections }: ChangedDecisionsDeps) {
  const known = new Map<string, { readonly at: number; readonly count: number | null }>()

  const look = async (upload: Upload, reading: Reading, target: RunTarget): Promise<number | null> => {
    if (!(await hasDecisions(store, target))) return 0
    const options = await inspections.optionsOf(upload, reading)
    const named = [`--catalogue=${target.catalogue}`, `--codebook=${target.codebook}`]
    const args = ['classify', upload.path, '--estimate', '--json', '--skip-invalid', ...named, ...options]
    const { code, stdout } = await commands.run(args, { timeoutMs: PATIENCE_MS, cwd: upload.folder })
    if (code !== 0) return null
    const { warnings } = estimateSchema.parse(JSON.parse(stdout))
    return warnings.find((warning) => warning.code === CODE)?.count ?? 0
  }

  return (upload: Upload, reading: Reading, target: RunTarget): number | null => {
    const key = JSON.stringify([upload.id, reading, target])
    const found = known.get(key)
    if (found !== undefined && Date.now() - found.at < FRESH_MS) return found.count
    // What was found before stands until the next look has ended.
    const count = found?.count ?? null
    known.delete(key)
    known.set(key, { at: Date.now(), count })
    void look(upload, reading, target).then(
      (next) => known.set(key, { at: Date.now(), count: next }),
      // A page without the number says nothing of it, as where the service is away.
      () => undefined,
    )
    const [oldest] = known.keys()
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest)
    return count
  }
}
