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
import { answerSchemaName, buildAnswerSchema } from '../../src/classification/answer-schema.ts'
import { normaliseIndicator } from '../../src/classification/indicator.ts'
import { buildSystemPrompt } from '../../src/classification/prompt.ts'
import { promptItemOf, questionOf } from '../../src/classification/question.ts'
import { completionTokenLimit } from '../../src/classification/tokens.ts'
import { buildUserPrompt } from '../../src/classification/user-prompt.ts'
import { readScheme } from './scheme.ts'

const [catalogue = '', out = '', baseURL = '', rpm = '0', inFlight = '100', limit = '1000'] = process.argv.slice(2)
const openai = new OpenAI({ apiKey: 'none', baseURL })
const minTime = Number(rpm) > 0 ? 60_000 / Number(rpm) : 0
const bottleneck = new Bottleneck({ maxConcurrent: Number(inFlight), minTime })
const results = createWriteStream(out)

const scheme = await readScheme()
const { codebook } = scheme
const system = buildSystemPrompt(codebook)
const schema = { ...buildAnswerSchema(codebook) }

/** Asks for every field of one indicator, as the service does in mode `model`, with the findings of the rules as guesses. */
async function classify(line: string): Promise<void> {
  const { indicator } = normaliseIndicator(JSON.parse(line))
  const question = questionOf(scheme, indicator, scheme.code?.read(indicator) ?? {}, { mode: 'model' })
  if (question === null) throw new Error('the codebook asks for no field')
  const completion = await openai.chat.completions.create({
    model: 'offline-rules',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: buildUserPrompt(codebook, [promptItemOf('k1', question, 'model')]) },
    ],
    max_completion_tokens: completionTokenLimit(codebook, [question.fields]),
    response_format: {
      type: 'json_schema',
      json_schema: { name: answerSchemaName(codebook), schema, strict: true },
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
