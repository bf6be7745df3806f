/** The baseline of the benchmark: a plain script as one would write it without this service.
 *
 * It uses openai and Bottleneck, sends one request for each indicator with the same prompt and schema, and writes one JSON
 * line for each answer; when it dies, its work is lost. Usage: node baseline.ts CATALOGUE OUT BASE_URL RPM IN_FLIGHT LIMIT
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import Bottleneck from 'bottleneck'
import { createPlainRequest } from './plain-request.ts'

const [catalogue = '', out = '', baseURL = '', rpm = '0', inFlight = '100', limit = '1000'] = process.argv.slice(2)
const minTime = Number(rpm) > 0 ? 60_000 / Number(rpm) : 0
const bottleneck = new Bottleneck({ maxConcurrent: Number(inFlight), minTime })
const results = createWriteStream(out)
const ask = await createPlainRequest(baseURL)

async function classify(line: string): Promise<void> {
  const { content } = await ask(line)
  results.write(`${content}\n`)
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
