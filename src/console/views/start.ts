/** What the pages of a new run show: where a file is dropped, and how a dropped file is read. */

import { RECORD_TEXTS } from '../../codebooks/record-texts.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import type { CommandRunner } from '../commands.ts'
import type { Ingress } from '../ingress.ts'
import type { Inspection, Inspections } from '../inspections.ts'
import * as startPage from '../page/start-page.ts'
import * as uploadPage from '../page/upload-page.ts'
import { queryOf, readingOf } from '../routes/start-actions.ts'
import type { Upload, Uploads } from '../uploads.ts'
import type { View } from '../view.ts'
import { createChangedDecisions } from './changed-decisions.ts'
import { chooseCodebook } from './codebook-choice.ts'
import { CONTROLS, inWordsOfThePage } from './control-words.ts'
import { createModelLook, offlineHere } from './offline-model.ts'

export interface StartDeps {
  readonly store: Pick<Store, 'listCodebooks' | 'views'>
  readonly schemes: Codebooks
  readonly uploads: Uploads
  readonly inspections: Inspections
  readonly ingress: Ingress
  readonly commands: CommandRunner
}

const FIELDS = ['indicator_id', ...RECORD_TEXTS, 'sample_values'] as const
const MAX_TEXT = 300
/** A list of more columns is no help to choose from. */
const MOST_COLUMNS = 500
const MOST_UNUSED = 30
const MOST_PROBLEMS = 30
/** What was changed where a start was put off. */
const PUT_OFF = ['mapping', 'catalogue'] as const
/** What the list of unused columns says as well. */
const OF_UNUSED = /^column .* is not used; it may be /

export function startViews(deps: StartDeps): View[] {
  const { uploads, inspections } = deps
  const changedDecisions = createChangedDecisions(deps)
  const modelNow = createModelLook(deps.ingress)
  const offlineNow = async () => offlineHere(await modelNow())
  return [
    {
      ...{ path: '/start', name: 'start', right: 'submit', everyMs: 0, page: startPage },
      load: async (): Promise<startPage.StartData> => ({
        waiting: (await uploads.list()).map(({ id, name, bytes, uploadedAt }) => ({ id, name, bytes, uploadedAt })),
        offline: await offlineNow(),
      }),
    },
    {
      ...{ path: '/start/:upload', name: 'upload', right: 'submit', everyMs: 1_000, page: uploadPage },
      load: async ({ params, query }): Promise<uploadPage.UploadData> => {
        const upload = await uploads.find(params['upload'] ?? '')
        if (upload === undefined)
          throw new ServiceError('input-not-found', 'There is no such file any more: drop it again')
        const reading = readingOf(Object.fromEntries(query))
        const [{ names }, offline] = await Promise.all([chooseCodebook(deps, null), offlineNow()])
        const { id, name, bytes, runId } = upload
        const { map, ...options } = reading
        const inspection = inspections.find(upload, reading)
        const catalogue = query.get('catalogue') ?? catalogueOf(name)
        const codebook = query.get('codebook') || (names[0] ?? '')
        return {
          ...{ id, name, bytes, runId, codebooks: names, options, offline, controls: CONTROLS },
          reading: queryOf(reading),
          putOff: PUT_OFF.find((why) => why === query.get('changed')) ?? '',
          changedDecisions:
            inspection.state === 'done' ? changedDecisions(upload, reading, { catalogue, codebook }) : null,
          chosen: Object.fromEntries(
            Object.entries(map).map(([field, column]) => [field, column === '' ? uploadPage.LEFT_OUT : column]),
          ),
          choices: inspection.state === 'failed' ? choicesOf(inspections, upload) : { fields: [], columns: [] },
          typed: {
            ...{ catalogue, codebook },
            maxCost: query.get('max_cost') ?? '',
            mode: query.get('mode') ?? '',
            skipInvalid: query.get('skip_invalid') !== null,
          },
          ...inspectedOf(inspection, upload),
        }
      },
    },
  ]
}

function catalogueOf(name: string): string {
  return name.replace(/(?:\.(?:csv|tsv|txt|jsonl|ndjson|json|xlsx|parquet|gz|zst))+$/i, '')
}

/** What there is to choose from where a reading found nothing: the columns of the file as it is read by itself, if it is. */
function choicesOf(inspections: Inspections, upload: Upload): uploadPage.UploadData['choices'] {
  const plain = inspections.find(upload, readingOf({}))
  if (plain.state !== 'done') return { fields: FIELDS.map((field) => ({ field, source: '' })), columns: [] }
  const { mapping, columns } = plain.report
  return {
    fields: FIELDS.map((field) => ({ field, source: mapping[field] ?? '' })),
    columns: columns.slice(0, MOST_COLUMNS),
  }
}

function inspectedOf(
  inspection: Inspection,
  upload: Upload,
): Pick<uploadPage.UploadData, 'state' | 'faults' | 'report'> {
  if (inspection.state !== 'done') {
    const faults = inspection.state === 'failed' ? inWordsOfThePage(inspection.lines, upload) : []
    return { state: inspection.state, faults, report: null }
  }
  const { mapping, unused, sample, problems, columns: _columns, ...report } = inspection.report
  const columns = inspection.report.columns.slice(0, MOST_COLUMNS)
  const told = problems.filter((line) => !OF_UNUSED.test(line)).slice(0, MOST_PROBLEMS)
  // Those that may be a field come first, because they are missed most.
  const guessed = unused.toSorted((one, other) => Number(one.guess === null) - Number(other.guess === null))
  return {
    state: 'done',
    faults: [],
    report: {
      ...report,
      compression: report.compression ?? '',
      fields: FIELDS.map((field) => ({ field, source: mapping[field] ?? '' })),
      columns,
      unused: guessed.slice(0, MOST_UNUSED).map(({ column, guess }) => ({ column, guess: guess ?? '' })),
      unusedCount: unused.length,
      problems: inWordsOfThePage(told, upload),
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
