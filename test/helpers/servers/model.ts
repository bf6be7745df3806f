/** A chat completions endpoint over real HTTP whose answers a test scripts one by one. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseUserPrompt } from '../../../src/classification/user-prompt.ts'

export interface Asked {
  readonly model: string
  /** The system prompt. */
  readonly system: string
  /** Ids of the indicators in the request, in the order of the prompt. */
  readonly ids: readonly string[]
  /** The short name of an indicator in this request, under which it must be answered. */
  readonly keyOf: (id: string) => string
  /** The fields that the request asks of an indicator. */
  readonly fieldsOf: (id: string) => readonly string[]
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The elements of `answers` in the completion; by default one good answer for each indicator. */
  readonly answers?: readonly unknown[]
  readonly finishReason?: string
  /** The whole body, in the place of a completion. */
  readonly body?: unknown
  /** The answer is sent when this promise has resolved. */
  readonly after?: Promise<unknown>
}

export interface ScriptedModel {
  readonly url: string
  /** The requests so far, in order of arrival. */
  readonly asked: Asked[]
  close(): Promise<void>
}

/** A label for each field that economic indicators may be asked for, of a series of which nothing tells the frequency. */
const GOOD_LABELS: Readonly<Record<string, unknown>> = {
  type: 'volume',
  temporal_aggregation: 'period-total',
  orientation: 'neutral',
  unit_kind: 'physical',
  unit_scale: 1,
  unit_currency: null,
  unit_per: null,
  frequency: 'unknown',
}

/**
 * An answer for `key` that passes every check, whatever fields are asked. `confidence` counts from 0 to 100; `over` replaces
 * labels by field; undefined leaves one out.
 */
export function goodAnswer(key: string, confidence = 90, over: Readonly<Record<string, unknown>> = {}): unknown {
  const labels = Object.entries({ ...GOOD_LABELS, ...over }).filter(([, value]) => value !== undefined)
  return { key, reason: 'scripted', labels: labels.map(([field, value]) => ({ field, value, confidence })) }
}

/** Starts the endpoint on a free port. `script` gets each request with its number, which counts from 0. */
export async function startScriptedModel(script: (asked: Asked, index: number) => Answer): Promise<ScriptedModel> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    request.on('end', async () => {
      const body = JSON.parse(text) as { model: string; messages: { role: string; content: string }[] }
      const items = parseUserPrompt(body.messages.findLast((message) => message.role === 'user')?.content ?? '')
      const byId = new Map(items.map((item) => [item.id, item]))
      const entry: Asked = {
        model: body.model,
        system: body.messages.find((message) => message.role === 'system')?.content ?? '',
        ids: [...byId.keys()],
        keyOf: (id) => byId.get(id)?.key ?? '',
        fieldsOf: (id) => byId.get(id)?.ask ?? [],
      }
      asked.push(entry)
      const answer = script(entry, asked.length - 1)
      await answer.after
      const answers = answer.answers ?? items.map((item) => goodAnswer(item.key))
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      response.end(
        JSON.stringify(
          answer.body ?? {
            id: 'scripted',
            object: 'chat.completion',
            created: 1,
            model: body.model,
            choices: [
              {
                index: 0,
                finish_reason: answer.finishReason ?? 'stop',
                message: { role: 'assistant', content: JSON.stringify({ answers }), refusal: null },
              },
            ],
            usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
          },
        ),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
