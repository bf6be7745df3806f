/** The contract of model clients on the OpenAI client, with a new endpoint and with an old one. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { createOpenAiClient } from '../../src/llm/openai/client.ts'
import { DEFAULT_PRICES } from '../../src/llm/pricing.ts'
import { createOfflineModel } from '../../src/offline-model/server.ts'
import { modelClientContract } from './model-client.contract.ts'

const log = pino({ level: 'silent' })

function clientsOf(baseUrl: string) {
  const options = { apiKey: 'none-needed', baseUrl, model: 'primary', timeoutMs: 30_000, prices: DEFAULT_PRICES, log }
  return {
    client: createOpenAiClient({ ...options, escalationModel: 'stronger' }),
    clientWithoutEscalation: createOpenAiClient(options),
  }
}

function createModel() {
  return createOfflineModel({ host: '127.0.0.1', port: 0, latencyMs: 2, sigma: 0.3, rpm: 0, tpm: 0, sliceMs: 0, log })
}

modelClientContract('OpenAI client with the offline model', async () => {
  const model = createModel()
  const { url } = await model.listen()
  return { ...clientsOf(`${url}/v1`), close: () => model.close() }
})

/** In front of the offline model: refuses, one at a time, whatever is younger than the first chat completions. */
modelClientContract('OpenAI client with an endpoint of an older dialect', async () => {
  const model = createModel()
  const { url } = await model.listen()
  const old = createServer(async (request, response) => {
    const body = await text(request)
    const { response_format: format, ...sent } = JSON.parse(body)
    const younger = ['prompt_cache_key', 'reasoning_effort', 'max_completion_tokens'].find((name) => name in sent)
    const refused = younger ?? (format?.type === 'json_schema' ? 'response_format' : undefined)
    if (refused !== undefined) {
      response.writeHead(422, { 'content-type': 'application/json' })
      const detail = [{ type: 'extra_forbidden', loc: ['body', refused], msg: 'Extra inputs are not permitted' }]
      response.end(JSON.stringify({ detail }))
      return
    }
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(await answer.text())
  })
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
  const { port } = old.address() as AddressInfo
  return {
    ...clientsOf(`http://127.0.0.1:${port}/v1`),
    async close() {
      old.close()
      old.closeAllConnections()
      await model.close()
    },
  }
})
