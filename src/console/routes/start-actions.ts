/** Takes files that people drop, and starts runs with them as `classify --detach` does. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { type CommandRunner, commandFault } from '../commands.ts'
import type { Inspections, Reading } from '../inspections.ts'
import { LEFT_OUT } from '../page/upload-page.ts'
import type { Sessions } from '../sessions.ts'
import { MAX_UPLOAD_BYTES, type Uploads } from '../uploads.ts'
import { checked, optionalCostField } from './forms.ts'

export interface StartOptions {
  readonly uploads: Uploads
  readonly inspections: Inspections
  readonly commands: CommandRunner
  readonly sessions: Sessions
}

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

export function serveStart(app: FastifyInstance, { uploads, inspections, commands, sessions }: StartOptions): void {
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

  app.post('/start/:upload', sessions.protect('submit'), async (request, reply) => {
    const { upload: id } = z.object({ upload: z.string() }).parse(request.params)
    const form = checked(startSchema, request.body)
    const upload = await uploads.find(id)
    if (upload === undefined) throw new ServiceError('input-not-found', 'There is no such file any more: drop it again')
    const options = await inspections.optionsOf(upload, readingOf(form))
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
  })
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
