/** The options --record, --capture and --replay of `eval`: what stands between the replica of an evaluation and its model. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { OPENAI_API_URL } from '../../lib/network/http-url.ts'
import { capturedLine, createExchangeFile, readAskedModels, recordedLine } from './exchange-file.ts'
import { startRelay } from './relay.ts'
import type { LeftUnanswered } from './report.ts'

/** What happens to the requests of an evaluation, and the file that holds them. */
export interface ExchangeChoice {
  /**
   * `record` keeps every request with the answer of the model, `capture` the requests alone, and `replay` answers from what was
   * recorded before.
   */
  readonly kind: 'record' | 'capture' | 'replay'
  readonly file: string
}

/** How the stack of an evaluation is started, and what is known of its exchanges with the model. */
export interface Exchange {
  readonly config: Config
  /** Variables of the replica that differ from those of this process. */
  readonly replicaEnv: Readonly<Record<string, string | null>>
  /** Aborts with a ServiceError where the evaluation cannot go on, such as at a question without a recorded answer. */
  readonly failed: AbortSignal
  /** The number of requests in the file so far. */
  count(): number
  /** What the file of a replay leaves unanswered, from the running offline model; undefined where no file is replayed. */
  unanswered(): Promise<LeftUnanswered | undefined>
  /** Ends what was opened; called once the stack has stopped. */
  close(): Promise<void>
}

/** Opens the exchange of an evaluation with its model. Without a choice nothing stands between them. */
export async function openExchange(choice: ExchangeChoice | undefined, config: Config): Promise<Exchange> {
  const failure = new AbortController()
  const nothing = {
    config,
    replicaEnv: {},
    failed: failure.signal,
    count: () => 0,
    unanswered: async () => undefined,
    close: async () => undefined,
  }
  if (choice === undefined) return nothing
  return choice.kind === 'replay'
    ? await openReplay(choice.file, config, failure)
    : await openRecording(choice, config, failure)
}

async function openRecording(
  { kind, file: path }: ExchangeChoice,
  given: Config,
  failure: AbortController,
): Promise<Exchange> {
  const file = await createExchangeFile(path, {
    option: `--${kind}`,
    // Captured requests cost nothing.
    ...(kind === 'record' ? { rescueIn: tmpdir() } : {}),
  })
  // Captured requests are answered by the offline model, so that no provider is asked and paid for answers that nobody keeps.
  const config = kind === 'capture' ? withOfflineModel(given, { from: 'rules', file: null, noise: 0 }) : given
  const seen = new Set<string>()
  const relay = await startRelay({
    target: endpointOf(config),
    onAnswer: async (request, response) => {
      const now = new Date()
      try {
        if (kind === 'record') await file.append(recordedLine(request, response, now))
        else if (isNew(seen, request.messages)) await file.append(capturedLine(request, now))
      } catch (error) {
        // The replica gets the answer all the same, because it is paid for and would be asked for again.
        failure.abort(error)
      }
    },
    onRefusal: () => undefined,
    stopped: failure.signal,
  })
  return {
    config,
    replicaEnv: {
      OPENAI_BASE_URL: relay.url,
      // A captured request names the model that would have been asked.
      ...(kind === 'capture'
        ? { OPENAI_API_KEY: null, SECRETS_DIR: null, OPENAI_ESCALATION_MODEL: null, OPENAI_MODEL: given.openai.model }
        : {}),
    },
    failed: failure.signal,
    count: file.count,
    unanswered: async () => undefined,
    close: async () => {
      await relay.close()
      await file.close()
    },
  }
}

async function openReplay(file: string, given: Config, failure: AbortController): Promise<Exchange> {
  const [model, escalation] = await readAskedModels(file)
  const config = withOfflineModel(given, { from: 'recorded', file: resolve(file), noise: 0 })
  let count = 0
  const relay = await startRelay({
    target: endpointOf(config),
    onAnswer: async () => {
      count += 1
    },
    onRefusal: (message) => {
      const advice = 'record it again (--record), or capture the requests (--capture) and have them answered'
      failure.abort(new ServiceError('input-invalid', `--replay ${file}: ${message}: ${advice}`))
    },
    stopped: failure.signal,
  })
  return {
    config,
    replicaEnv: {
      OPENAI_BASE_URL: relay.url,
      OPENAI_API_KEY: null,
      SECRETS_DIR: null,
      ...(model === undefined ? {} : { OPENAI_MODEL: model }),
      // The recorded run asked its escalation model for what the first answers left in doubt, and so does this one.
      OPENAI_ESCALATION_MODEL: escalation ?? null,
    },
    failed: failure.signal,
    count: () => count,
    unanswered: () => readUnanswered(config, file),
    close: relay.close,
  }
}

const healthSchema = z.object({ unanswered: z.object({ fields: z.number(), records: z.number() }).optional() })

/** Asks the offline model what its file leaves unanswered. */
async function readUnanswered({ offlineModel }: Config, file: string): Promise<LeftUnanswered | undefined> {
  const response = await fetch(`http://127.0.0.1:${offlineModel.port}/health`)
  const { unanswered } = healthSchema.parse(await response.json())
  return unanswered === undefined || unanswered.fields === 0 ? undefined : { ...unanswered, file }
}

function withOfflineModel(config: Config, answers: Config['offlineModel']['answers']): Config {
  return {
    ...config,
    openai: { ...config.openai, apiKey: undefined, baseUrl: undefined },
    offlineModel: { ...config.offlineModel, answers, isAnswersSet: true },
  }
}

/** The base URL of the endpoint that the stack of this configuration asks. */
function endpointOf({ openai, offlineModel }: Config): string {
  if (openai.baseUrl !== undefined) return openai.baseUrl
  return openai.apiKey === undefined ? `http://127.0.0.1:${offlineModel.port}/v1` : OPENAI_API_URL
}

function isNew(seen: Set<string>, messages: unknown): boolean {
  const hash = createHash('sha1')
    .update(JSON.stringify(messages) ?? '')
    .digest('base64')
  const isFirst = !seen.has(hash)
  seen.add(hash)
  return isFirst
}
