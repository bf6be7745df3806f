/** Reads a file of labelled records for any codebook: JSON lines with `indicator_id`, `name`, other texts and `labels`. */
import { readFile } from 'node:fs/promises'
import { normaliseIndicator, rawIndicatorSchema } from '../classification/indicator.ts'
import { type Codebook, isValueOf } from '../codebooks/codebook.ts'
import type { LabelledRecord } from '../codebooks/types.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { isRecord, parseJson } from '../lib/json.ts'
import { showValue } from './problem-report.ts'

const MOST_LISTED = 20

/**
 * The records of `path`, each label checked against its field; fields may be left out. Rejects with input-invalid, whose
 * message names the line, the field and the value of every fault.
 */
export async function readLabelledRecords(path: string, codebook: Codebook): Promise<LabelledRecord[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ServiceError('input-invalid', `The file ${path} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  const records: LabelledRecord[] = []
  const problems: string[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const place = `${path}:${index + 1}`
    const value = parseJson(line)
    const raw = rawIndicatorSchema.safeParse(value)
    const labels = isRecord(value) ? value.labels : undefined
    if (!raw.success) problems.push(`${place}: ${raw.error.issues[0]?.message ?? 'must be one JSON object'}`)
    else if (!isRecord(labels)) problems.push(`${place}: labels must be an object of fields and their labels`)
    else {
      problems.push(...labelProblems(codebook, labels).map((problem) => `${place}: ${problem}`))
      records.push({ record: normaliseIndicator(raw.data).indicator, labels })
    }
  }
  if (problems.length > 0) {
    const more = problems.length > MOST_LISTED ? `\n  and ${problems.length - MOST_LISTED} more` : ''
    throw new ServiceError('input-invalid', `  ${problems.slice(0, MOST_LISTED).join('\n  ')}${more}`)
  }
  return records
}

function labelProblems(codebook: Codebook, labels: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(labels).flatMap(([name, label]) => {
    const field = codebook.field.get(name)
    if (field === undefined) return [`${codebook.name} has no field ${showValue(name)}`]
    return isValueOf(field, label) ? [] : [`${name}: ${showValue(label)} is no value of the field`]
  })
}
