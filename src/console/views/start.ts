/** What the pages of a new run show: where a file is dropped, and how a dropped file is read. */

import { RECORD_TEXTS } from '../../codebooks/record-texts.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import type { Inspection, Inspections } from '../inspections.ts'
import * as startPage from '../page/start-page.ts'
import * as uploadPage from '../page/upload-page.ts'
import { readingOf } from '../routes/start-actions.ts'
import type { Uploads } from '../uploads.ts'
import type { View } from '../view.ts'
import { chooseCodebook } from './codebook-choice.ts'

export interface StartDeps {
  readonly store: Pick<Store, 'listCodebooks'>
  readonly schemes: Codebooks
  readonly uploads: Uploads
  readonly inspections: Inspections
}

const FIELDS = ['indicator_id', ...RECORD_TEXTS, 'sample_values'] as const
const MAX_TEXT = 300
/** A list of more columns is no help to choose from. */
const MOST_COLUMNS = 500

export function startViews(deps: StartDeps): View[] {
  const { uploads, inspections } = deps
  return [
    {
      ...{ path: '/start', name: 'start', right: 'submit', everyMs: 0, page: startPage },
      load: async (): Promise<startPage.StartData> => ({
        waiting: (await uploads.list()).map(({ id, name, bytes, uploadedAt }) => ({ id, name, bytes, uploadedAt })),
      }),
    },
    {
      ...{ path: '/start/:upload', name: 'upload', right: 'submit', everyMs: 1_000, page: uploadPage },
      load: async ({ params, query }): Promise<uploadPage.UploadData> => {
        const upload = await uploads.find(params['upload'] ?? '')
        if (upload === undefined)
          throw new ServiceError('input-not-found', 'There is no such file any more: drop it again')
        const reading = readingOf(Object.fromEntries(query))
        const { names } = await chooseCodebook(deps, null)
        const { id, name, bytes, runId } = upload
        const catalogue = name.replace(/(?:\.(?:csv|tsv|txt|jsonl|ndjson|json|xlsx|parquet|gz|zst))+$/i, '')
        const { map: _map, ...options } = reading
        return {
          ...{ id, name, bytes, runId, catalogue, codebooks: names, options },
          ...inspectedOf(inspections.find(upload, reading)),
        }
      },
    },
  ]
}

function inspectedOf(inspection: Inspection): Pick<uploadPage.UploadData, 'state' | 'faults' | 'report'> {
  if (inspection.state !== 'done') {
    return { state: inspection.state, faults: inspection.state === 'failed' ? inspection.lines : [], report: null }
  }
  const { mapping, unused: _unused, sample, problems, columns: _columns, ...report } = inspection.report
  const columns = inspection.report.columns.slice(0, MOST_COLUMNS)
  return {
    state: 'done',
    faults: [],
    report: {
      ...report,
      compression: report.compression ?? '',
      fields: FIELDS.map((field) => ({ field, source: mapping[field] ?? '' })),
      columns,
      problems: problems.slice(0, 30),
      sample: sample.map((record) =>
        Object.entries(record).flatMap(([field, value]) => {
          const text =
            typeof value === 'string' ? value : Array.isArray(value) && value.length === 0 ? '–' : JSON.stringify(value)
          return [{ field, text: text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT).toWellFormed()}…` : text }]
        }),
      ),
    },
  }
}
