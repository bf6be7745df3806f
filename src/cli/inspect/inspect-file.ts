/** Shows how a catalogue file is read, what is unsure about it, and what classifying it would cost, without asking anybody. */
import { batchesOf, indicatorsOf } from '../../catalogue/open-catalogue.ts'
import { formatMappingFile, type ReadingFlags, readReading } from '../../catalogue/reading-options.ts'
import type { ReadingReport } from '../../catalogue/reading-report.ts'
import type { Catalogue, InvalidRecord } from '../../catalogue/types.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import type { InputSource } from '../sources/input-source.ts'
import { openSource } from '../sources/open-source.ts'
import type { SourceFlags } from '../sources/source-flags.ts'
import { writeOutput } from '../ui/output-file.ts'
import { estimateCold } from './cold-estimate.ts'

const SAMPLE_RECORDS = 3
/** The most broken records that the report names; of the others it gives the number. */
const MAX_BROKEN = 20
const BATCH_SIZE = 100

export interface InspectOptions extends ReadingFlags, SourceFlags {
  readonly json?: boolean
  /** The mapping file to write. */
  readonly save?: string
  readonly estimate: boolean
}

/** The report as `inspect --json` prints it. */
export interface InspectReport
  extends Pick<ReadingReport, 'format' | 'encoding' | 'layout' | 'columns' | 'mapping' | 'unused'> {
  /** How the file is packed; absent where it is not. */
  readonly compression?: string
  readonly records: number
  readonly problems: readonly string[]
  readonly sample: readonly Indicator[]
  /** What classifying the file would take with an empty database; null with --no-estimate. */
  readonly estimate: { readonly model: string; readonly model_requests: number; readonly cost_usd: number } | null
}

/** Inspects the file. Rejects with ServiceError input-invalid where it cannot be read, or all of its records are broken. */
export async function inspectFile(
  source: InputSource,
  options: InspectOptions,
  config: Config,
  signal: AbortSignal,
): Promise<{ readonly report: InspectReport; readonly label: string }> {
  const reading = await readReading(options)
  const broken: string[] = []
  let brokenCount = 0
  const onInvalid = ({ problems }: InvalidRecord) => {
    brokenCount += 1
    for (const { line, field, message } of problems) {
      if (broken.length < MAX_BROKEN) broken.push(`line ${line}${field === '' ? '' : `, field ${field}`}: ${message}`)
    }
  }
  const catalogue = await openSource(source, { reading, signal, skipInvalid: true, onInvalid })
  try {
    const found = catalogue.reading
    const { format, encoding, layout, columns, mapping, unused, compression } = found
    const rest = brokenCount > broken.length ? [`${brokenCount - broken.length} more records cannot be read`] : []
    const way = brokenCount === 0 ? [] : ['records that cannot be read stop a run; --skip-invalid leaves them out']
    const report = {
      format,
      ...(compression === null ? {} : { compression }),
      encoding,
      layout,
      records: catalogue.count,
      columns,
      mapping,
      unused,
      problems: [...found.problems, ...warningsOf(catalogue), ...broken, ...rest, ...way],
      sample: await firstOf(catalogue),
      estimate: options.estimate ? await estimateCatalogue(catalogue, config, signal) : null,
    }
    if (options.save !== undefined) await saveMapping(options.save, found, reading)
    return { report, label: catalogue.label }
  } finally {
    await catalogue.close()
  }
}

/** The warnings of the reading, but for those of which the report says more. */
function warningsOf({ warnings }: Catalogue): string[] {
  const told = new Set(['unknown-fields', 'skipped-records'])
  return warnings.filter(({ code }) => !told.has(code)).map(({ message, count }) => `${message} (${count})`)
}

async function firstOf(catalogue: Catalogue): Promise<Indicator[]> {
  const sample: Indicator[] = []
  for await (const { indicator } of catalogue.indicators()) {
    sample.push(indicator)
    if (sample.length >= SAMPLE_RECORDS) break
  }
  return sample
}

async function estimateCatalogue(catalogue: Catalogue, config: Config, signal: AbortSignal) {
  const { model, model_requests, cost_usd } = await estimateCold(
    batchesOf(indicatorsOf(catalogue), BATCH_SIZE),
    config,
    signal,
  )
  return { model, model_requests, cost_usd }
}

async function saveMapping(path: string, found: ReadingReport, reading: Awaited<ReturnType<typeof readReading>>) {
  const text = formatMappingFile(found.fieldColumns, reading)
  await writeOutput(path, (append) => append(text), { option: '--save' })
}
