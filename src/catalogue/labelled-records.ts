/** Reads a file of labelled records for any codebook: JSON lines with `indicator_id`, `name`, other texts and `labels`. */
import { normaliseIndicator, rawIndicatorSchema } from '../classification/indicator.ts'
import { canonicalText } from '../codebooks/canonical-text.ts'
import type { Codebook } from '../codebooks/codebook.ts'
import type { Indicator, LabelledRecord } from '../codebooks/types.ts'
import { ServiceError } from '../errors.ts'
import { isRecord, parseOutsideJson } from '../lib/json/json.ts'
import { brokenConstraints, labelFaults } from './label-faults.ts'
import { pluralise, showValue } from './problem-report.ts'
import { describeReadError } from './read-error.ts'
import { readUtf8 } from './utf8-file.ts'

const MOST_LISTED = 20

/** A fault of a file of labelled records, or a sentence to mind; `key` is "" where the whole line is meant. */
export interface LabelledFault {
  readonly line: number
  readonly key: string
  readonly message: string
}

export interface LabelledFile {
  readonly records: readonly LabelledRecord[]
  readonly faults: readonly LabelledFault[]
  /** Labels that break a constraint of the codebook. They may be meant, so that they are no faults. */
  readonly warnings: readonly LabelledFault[]
}

/** Reads the records of `path` with all faults. Rejects with input-invalid for a file that cannot be read. */
export async function checkLabelledRecords(path: string, codebook: Codebook): Promise<LabelledFile> {
  const read = await readUtf8(path).catch((error: unknown) => {
    throw new ServiceError('input-invalid', `${path}: ${describeReadError(error)}`, { cause: error })
  })
  if (!('text' in read)) return failed({ key: '', ...read })
  const lines = read.text.split(/\r?\n/)
  const first = lines.findIndex((line) => line.trim() !== '')
  if (first < 0) return failed({ line: 1, key: '', message: 'the file is empty: each line holds one labelled record' })
  if (!/^\s*["{[]/.test(lines[first] ?? '') || /^\s*"[^"]*"\s*[,;\t]/.test(lines[first] ?? '')) {
    const form = '{"indicator_id": "a", "name": "Bread", "labels": {"topic": "prices"}}'
    const message = `holds no lines of JSON, as a CSV file does not: write each record as one line such as ${form}`
    return failed({ line: first + 1, key: '', message })
  }
  return checkLines(lines, codebook)
}

function failed(fault: LabelledFault): LabelledFile {
  return { records: [], faults: [fault], warnings: [] }
}

function checkLines(lines: readonly string[], codebook: Codebook): LabelledFile {
  const records: LabelledRecord[] = []
  const faults: LabelledFault[] = []
  const warnings: LabelledFault[] = []
  const lineOfId = new Map<string, number>()
  for (const [index, content] of lines.entries()) {
    if (content.trim() === '') continue
    const line = index + 1
    const add = (key: string, message: string) => faults.push({ line, key, message })
    const value = parseOutsideJson(content)
    if (!isRecord(value)) {
      add('', `must be one JSON object, got ${showValue(value ?? content)}`)
      continue
    }
    const raw = rawIndicatorSchema.safeParse(value)
    for (const { path, message } of raw.error?.issues ?? []) add(path.join('.'), message)
    const { labels } = value
    if (!isRecord(labels)) {
      add('labels', labels === undefined ? 'is missing' : `must be an object of labels, got ${showValue(labels)}`)
      continue
    }
    for (const { name, message } of labelFaults(codebook, labels)) add(`labels.${name}`, message)
    for (const message of brokenConstraints(codebook, labels)) warnings.push({ line, key: 'labels', message })
    if (!raw.success) continue
    const { indicator: record } = normaliseIndicator(raw.data)
    const earlier = lineOfId.get(record.indicator_id)
    if (earlier !== undefined) {
      add('indicator_id', `${showValue(record.indicator_id)} stands on line ${earlier} already`)
    }
    lineOfId.set(record.indicator_id, earlier ?? line)
    if (isExample(codebook, record)) {
      add(
        'name',
        `${showValue(record.name)} is an example of the codebook, which the model is shown: take it out of one`,
      )
    }
    records.push({ record, labels })
  }
  return { records, faults, warnings }
}

/** Whether an example of the codebook has the same texts as the record, so that the model would be shown its labels. */
function isExample({ examples }: Codebook, record: Indicator): boolean {
  return examples.some((example) => {
    const texts = Object.entries(example.record)
    const inRecord = new Map(Object.entries(record))
    return (
      texts.length > 0 &&
      texts.every(([name, text]) => canonicalText(text) === canonicalText(String(inRecord.get(name))))
    )
  })
}

/** Writes each fault as one line, such as "  gold.jsonl:3: labels.topic: "sprot" is no value of topic; …". */
export function formatFaults(path: string, faults: readonly LabelledFault[]): string[] {
  const lines = faults.slice(0, MOST_LISTED).map(({ line, key, message }) => {
    return `  ${path}:${line}: ${key === '' ? '' : `${key}: `}${message}`
  })
  const more = faults.length > MOST_LISTED ? [`  and ${faults.length - MOST_LISTED} more`] : []
  return [`The file ${path} has ${pluralise(faults.length, 'fault')}:`, ...lines, ...more]
}
