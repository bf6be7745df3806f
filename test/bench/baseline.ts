/** The baseline of the benchmark: a plain script as one would write it without this service.
 *
 * It uses openai and Bottleneck, sends one request for each indicator with the same prompt and schema, and writes one JSON
 * line for each answer; when it dies, its work is lost. Usage: node baseline.ts CATALOGUE OUT BASE_URL RPM IN_FLIGHT LIMIT
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import Bottleneck from 'bottleneck'
import OpenAI from 'openai'
import { ANSWER_SCHEMA, ANSWER_SCHEMA_NAME } from '../../src/classification/answer-schema.ts'
import { normaliseIndicator } from '../../src/classification/indicator.ts'
import { buildSystemPrompt, buildUserPrompt, completionTokenLimit } from '../../src/classification/prompt.ts'
import { readIndicator } from '../../src/classification/rules.ts'

const [catalogue = '', out = '', baseURL = '', rpm = '0', inFlight = '100', limit = '1000'] = process.argv.slice(2)
const openai = new OpenAI({ apiKey: 'none', baseURL })
const minTime = Number(rpm) > 0 ? 60_000 / Number(rpm) : 0
const bottleneck = new Bottleneck({ maxConcurrent: Number(inFlight), minTime })
const results = createWriteStream(out)

async function classify(line: string): Promise<void> {
  const { indicator } = normaliseIndicator(JSON.parse(line))
  const completion = await openai.chat.completions.create({
    model: 'offline-rules',
    messages: [
      { role: 'system', content: buildSystemPrompt() },
      { role: 'user', content: buildUserPrompt([{ key: 'k1', indicator, reading: readIndicator(indicator) }]) },
    ],
    max_completion_tokens: completionTokenLimit(1),
    response_format: {
      type: 'json_schema',
      json_schema: { name: ANSWER_SCHEMA_NAME, schema: ANSWER_SCHEMA, strict: true },
    },
  })
  results.write(`${completion.choices[0]?.message.content}\n`)
}

const pending: Promise<void>[] = []
for await (const line of createInterface({ input: createReadStream(catalogue) })) {
  if (pending.length >= Number(limit)) break
  pending.push(bottleneck.schedule(() => classify(line)))
}
await Promise.all(pending)
results.end()
await once(results, 'finish')
process.stdout.write(`${JSON.stringify({ cpu_ms: process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3 })}\n`)
