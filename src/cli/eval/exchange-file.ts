/** Files of requests to a model and its answers, one JSON object a line, as `eval --record`, `--capture` and `--replay` keep and read them. */
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describeReadError } from '../../catalogue/read-error.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { isRecord, parseOutsideJson } from '../../lib/json/json.ts'
import { toVisibleJson } from '../../lib/visible-text.ts'
import { type GrowingOutput, openGrowingOutput } from '../ui/output-file.ts'
import { say } from '../ui/terminal.ts'

/** The parts of a request to a model that are kept: no header, so no key. */
const KEPT = ['model', 'messages', 'response_format'] as const

export interface ExchangeFile {
  /** The number of lines so far. */
  count(): number
  /** Adds a line. Rejects with ServiceError input-invalid where it cannot be written. */
  append(line: object): Promise<void>
  close(): Promise<void>
}

/** How a file of exchanges is kept. */
export interface ExchangeFileOptions {
  /** The option that names the file, for messages. */
  readonly option: string
  /** The folder for answers that the file takes no more, as on a full disk, because they cost money; without it they are dropped. */
  readonly rescueIn?: string
}

/**
 * Creates a file to which lines are added one by one, because a run may be long and its answers cost money. Only its owner may read
 * it. Rejects with ServiceError input-invalid where the file exists already or cannot be created.
 */
export async function createExchangeFile(
  path: string,
  { option, rescueIn }: ExchangeFileOptions,
): Promise<ExchangeFile> {
  const output = await openGrowingOutput(path, { option, mode: 0o600 })
  let fault: unknown
  let rescue: GrowingOutput | undefined
  let count = 0
  const add = async (text: string) => {
    if (fault === undefined) {
      try {
        await output.append(text)
        count += 1
        return
      } catch (error) {
        fault = error
        if (rescueIn === undefined) throw error
        const kept = join(rescueIn, `classify-answers-${randomBytes(6).toString('hex')}.jsonl`)
        rescue = await openGrowingOutput(kept, { option, mode: 0o600 }).catch(() => undefined)
        const advice = `answers that no longer fit are in ${kept}: add them to the file`
        if (rescue !== undefined) fault = new ServiceError('input-invalid', `${messageOf(error)}; ${advice}`)
      }
    }
    // Where no disk takes the answer, the terminal still does.
    if (rescueIn !== undefined) {
      if (rescue === undefined) say(text.trimEnd())
      else await rescue.append(text).catch(() => say(text.trimEnd()))
    }
    throw fault
  }
  // Lines are written one after another, because two writes at once could mix their texts.
  let last: Promise<void> = Promise.resolve()
  return {
    count: () => count,
    async append(line) {
      const written = last.then(() => add(`${toVisibleJson(line)}\n`))
      last = written.catch(() => undefined)
      await written
    },
    async close() {
      await last
      await rescue?.close()
      await output.close()
    },
  }
}

/** Keeps a request without its answer. */
export function capturedLine(
  request: Readonly<Record<string, unknown>>,
  now: Date,
): { request: object; recorded_at: string } {
  const kept = KEPT.flatMap((name) => (request[name] === undefined ? [] : [[name, request[name]] as const]))
  return { request: Object.fromEntries(kept), recorded_at: now.toISOString() }
}

/**
 * Keeps a request with its answer: the JSON of the completion's content, its text where that is no JSON, or null where the
 * model refused. `response` is the body of a chat completion.
 */
export function recordedLine(request: Readonly<Record<string, unknown>>, response: unknown, now: Date): object {
  const completion = isRecord(response) ? response : {}
  const [choice] = Array.isArray(completion.choices) ? (completion.choices as unknown[]) : []
  const message = isRecord(choice) && isRecord(choice.message) ? choice.message : {}
  const content = typeof message.content === 'string' ? message.content : null
  const answer = content === null ? null : (parseOutsideJson(content) ?? content)
  const { request: kept, recorded_at } = capturedLine(request, now)
  return { request: kept, answer, model: completion.model ?? null, recorded_at }
}

/**
 * Returns the names of the models that the requests of a file were sent to, in the order of their first request: the first
 * model, and the escalation model where one was asked. Rejects with ServiceError input-invalid where the file cannot be read
 * or holds no request with an answer.
 */
export async function readAskedModels(path: string): Promise<readonly string[]> {
  const models = new Set<string>()
  let requests = 0
  try {
    const handle = await open(path)
    for await (const line of handle.readLines()) {
      const parsed = parseOutsideJson(line)
      if (!isRecord(parsed) || !isRecord(parsed.request)) continue
      requests += 1
      if (parsed.answer !== undefined) models.add(typeof parsed.request.model === 'string' ? parsed.request.model : '')
    }
  } catch (error) {
    throw new ServiceError('input-invalid', `The recorded answers ${path}: ${describeReadError(error)}`, {
      cause: error,
    })
  }
  if (models.size > 0) return [...models].filter((name) => name !== '')
  const fault =
    requests === 0
      ? 'holds no line with a "request": is it a file of eval --record?'
      : `holds ${requests} requests and no line with an "answer": have them answered first`
  throw new ServiceError('input-invalid', `${path} ${fault}`)
}
