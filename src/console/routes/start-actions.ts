/** Takes files that people drop, and starts runs with them as `classify --detach` does. */
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { FAILURES, isServiceError, ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { type CommandRunner, commandFault } from '../commands.ts'
import type { Inspections, Reading } from '../inspections.ts'
import { LEFT_OUT } from '../page/upload-page.ts'
import { HttpFault, type Sessions } from '../sessions.ts'
import { MAX_UPLOAD_BYTES, type Uploads } from '../uploads.ts'
import { hasDecisions } from '../views/changed-decisions.ts'
import { inWordsOfThePage } from '../views/control-words.ts'
import { checked, optionalCostField } from './forms.ts'

export interface StartOptions {
  readonly uploads: Uploads
  readonly inspections: Inspections
  readonly commands: CommandRunner
  readonly sessions: Sessions
  readonly store: Pick<Store, 'views'>
}

/** The sample of the command `demo`, for who wants to see a run before a file of their own is at hand. */
const SAMPLE = fileURLToPath(new URL('../../cli/start/sample/indicators.jsonl', import.meta.url))
/** A run has begun when its file was read once and the service has answered. */
const BEGIN_MS = 15 * 60_000
const begunSchema = z.object({ run_id: z.string() })

const startSchema = z.looseObject({
  catalogue: z.string().trim().max(256).default(''),
  codebook: z.string().trim().max(200).default(''),
  max_cost: optionalCostField,
  mode: z.enum(['hybrid', 'model', 'rules']).default('hybrid'),
  skip_invalid: z.string().optional(),
})
/** The reading that the page had shown, and whether the file is only to be read again. */
const shownSchema = z.object({
  shown: z.string().max(100_000).default(''),
  /** The catalogue and the codebook that the page spoke of. */
  shown_for: z.string().max(1_000).optional(),
  again: z.string().optional(),
})
/** What the page of a file takes from its address besides the reading. */
const TYPED = ['catalogue', 'codebook', 'max_cost', 'mode', 'skip_invalid'] as const

export function serveStart(
  app: FastifyInstance,
  { store, uploads, inspections, commands, sessions }: StartOptions,
): void {
  app.addContentTypeParser('application/octet-stream', { bodyLimit: MAX_UPLOAD_BYTES }, (_request, payload, done) => {
    // The file goes to the disk as it comes, and never as a whole through memory.
    done(null, payload)
  })

  app.post(
    '/start/upload',
    {
      ...sessions.protect('submit'),
      bodyLimit: MAX_UPLOAD_BYTES,
      config: { rateLimit: { max: 60, timeWindow: 60_000 } },
    },
    async (request) => {
      const { name } = z.object({ name: z.string().max(1_000).default('catalogue') }).parse(request.query)
      const upload = await uploads.save(name, request.body as NodeJS.ReadableStream)
      return { id: upload.id }
    },
  )

  app.post('/start/sample', sessions.protect('submit'), async (_request, reply) => {
    const { id } = await uploads.save('sample.jsonl', createReadStream(SAMPLE))
    return reply.redirect(sessions.at(`/start/${id}`), 303)
  })

  app.post('/start/:upload', sessions.protect('submit'), async (request, reply) => {
    const { upload: id } = z.object({ upload: z.string() }).parse(request.params)
    const upload = await uploads.find(id)
    if (upload === undefined) throw new ServiceError('input-not-found', 'There is no such file any more: drop it again')
    const given = z.record(z.string(), z.unknown()).parse(request.body ?? {})
    const { shown, shown_for: shownFor, again } = checked(shownSchema, given)
    const reading = readingOf(given)
    const isChanged = queryOf(reading) !== queryOf(readingOf(Object.fromEntries(new URLSearchParams(shown))))
    const page = pageOf(id, reading, given)
    if (again !== undefined) return reply.redirect(sessions.at(page()), 303)
    // What the changed mapping reads has been seen by nobody, and the estimate is not of it.
    if (isChanged) return reply.redirect(sessions.at(page({ changed: 'mapping' })), 303)
    try {
      const form = checked(startSchema, given)
      const target = { catalogue: form.catalogue, codebook: form.codebook }
      const isOther = shownFor !== undefined && shownFor !== JSON.stringify([target.catalogue, target.codebook])
      if (isOther && (await hasDecisions(store, target)))
        return reply.redirect(sessions.at(page({ changed: 'catalogue' })), 303)
      const options = await inspections.optionsOf(upload, reading)
      const { catalogue, codebook, max_cost: cost, mode, skip_invalid: skips } = form
      const args = [
        ...['classify', upload.path, '--detach', '--json', '--mode', mode, ...options],
        ...(catalogue === '' ? [] : [`--catalogue=${catalogue}`]),
        ...(codebook === '' ? [] : [`--codebook=${codebook}`]),
        ...(cost === undefined ? [] : ['--max-cost', String(cost)]),
        ...(skips === undefined ? [] : ['--skip-invalid']),
      ]
      const result = await commands.run(args, { timeoutMs: BEGIN_MS, cwd: upload.folder })
      if (result.code !== 0) throw commandFault(result)
      const { run_id: runId } = begunSchema.parse(JSON.parse(result.stdout))
      await uploads.markStarted(upload, runId)
      return reply.redirect(sessions.at(`/runs/${encodeURIComponent(runId)}`), 303)
    } catch (error) {
      if (!isServiceError(error)) throw error
      const message = inWordsOfThePage(error.lines, upload).join('\n')
      throw new HttpFault(FAILURES[error.code].status, message, {
        path: page(),
        text: 'Back to the mapping and the start',
      })
    }
  })

  app.post('/start/:upload/remove', sessions.protect('submit'), async (request, reply) => {
    const { upload: id } = z.object({ upload: z.string() }).parse(request.params)
    const upload = await uploads.find(id)
    if (upload !== undefined) await uploads.remove(upload)
    return reply.redirect(sessions.at('/start'), 303)
  })
}

/** The reading as a query: what is found out by itself is left out. */
export function queryOf({ map, ...options }: Reading): string {
  const columns = Object.entries(map)
    .map(([field, column]) => [`map.${field}`, column === '' ? LEFT_OUT : column] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  const others = Object.entries(options).filter(([, value]) => value !== '')
  return String(new URLSearchParams([...columns.map(([name, column]) => [name, column]), ...others]))
}

/** The address of the page of the file with this reading, and with what was typed for its run. */
function pageOf(id: string, reading: Reading, form: Readonly<Record<string, unknown>>) {
  const query = new URLSearchParams(queryOf(reading))
  for (const name of TYPED) {
    const value = form[name]
    if (typeof value === 'string' && value !== '') query.set(name, value.slice(0, 300))
  }
  return (more: Readonly<Record<string, string>> = {}): string => {
    for (const [name, value] of Object.entries(more)) query.set(name, value)
    return query.size === 0 ? `/start/${id}` : `/start/${id}?${query}`
  }
}

/** How a form says that the file is read: `map.FIELD` names a column, and what is empty is found out. */
export function readingOf(form: Readonly<Record<string, unknown>>): Reading {
  const text = (name: string) => (typeof form[name] === 'string' ? form[name].slice(0, 1_000) : '')
  const map = Object.entries(form).flatMap(([name, column]) => {
    if (!name.startsWith('map.') || typeof column !== 'string' || column === '') return []
    return [[name.slice(4), column === LEFT_OUT ? '' : column] as const]
  })
  return {
    ...{ map: Object.fromEntries(map), layout: text('layout'), sheet: text('sheet') },
    ...{ records: text('records'), encoding: text('encoding') },
  }
}
