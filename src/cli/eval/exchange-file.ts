/** Files of requests to a model and its answers, one JSON object a line, as `eval --record`, `--capture` and `--replay` keep and read them. */
import { type FileHandle, open } from 'node:fs/promises'
import { messageOf, ServiceError } from '../../errors.ts'
import { isRecord, parseOutsideJson } from '../../lib/json.ts'

/** The parts of a request to a model that are kept: no header, so no key. */
const KEPT = ['model', 'messages', 'response_format'] as const

export interface ExchangeFile {
  /** The number of lines so far. */
  count(): number
  /** Adds a line. Rejects with ServiceError input-invalid where it cannot be written. */
  append(line: object): Promise<void>
  close(): Promise<void>
}

/**
 * Creates a file to which lines are added one by one, because a run may be long and its answers cost money. Rejects with
 * ServiceError input-invalid where the file exists already or cannot be created.
 */
export async function createExchangeFile(path: string): Promise<ExchangeFile> {
  const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException): never => {
    const fault =
      error.code === 'EEXIST'
        ? `${path} exists already: name a new file, so that no recorded answer is lost`
        : `${path} cannot be created: ${messageOf(error)}`
    throw new ServiceError('input-invalid', fault, { cause: error })
  })
  let count = 0
  // Lines are written one after another, because two writes at once could mix their texts.
  let last: Promise<void> = Promise.resolve()
  return {
    count: () => count,
    async append(line) {
      const written = last.then(() => appendLine(handle, path, line))
      last = written.catch(() => undefined)
      await written
      count += 1
    },
    async close() {
      await last
      await handle.close()
    },
  }
}

async function appendLine(handle: FileHandle, path: string, line: object): Promise<void> {
  try {
    await handle.appendFile(`${JSON.stringify(line)}\n`)
  } catch (error) {
    throw new ServiceError('input-invalid', `${path} cannot be written: ${messageOf(error)}`, { cause: error })
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
    throw new ServiceError('input-invalid', `The recorded answers cannot be read: ${messageOf(error)}`, {
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
