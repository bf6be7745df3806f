// Classifies a catalogue of JSON lines with the typed client, and writes the results as JSON lines:
//   node classify.mjs series.jsonl nightly-2026-11-29 world > results.jsonl
// RESTATE_INGRESS_URL names the ingress, API_TOKEN the token that the guard asks for.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createClassifyClient } from 'classify-service'

const [file, run, catalogue = 'default', codebook = 'economic-indicators'] = process.argv.slice(2)
const client = createClassifyClient({
  ...{ url: process.env.RESTATE_INGRESS_URL, token: process.env.API_TOKEN },
  ...{ run, catalogue, codebook },
})
const records = (await readFile(file, 'utf8'))
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line))

const sent = []
for (let at = 0; at < records.length; at += 100) {
  const batch = records.slice(at, at + 100)
  // A key of the run and of the content: begun again, the program fetches what is done and pays nothing twice.
  const key = `${run}-${createHash('sha256').update(JSON.stringify(batch)).digest('hex').slice(0, 32)}`
  sent.push(await client.submit(batch, { key }))
}
for (const batch of sent) {
  const { results } = await client.wait(batch)
  for (const result of results) console.log(JSON.stringify(result))
}
const totals = await client.runStatus(run)
console.error(
  `${totals?.indicators ?? 0} indicators, ${totals?.needs_review ?? 0} for review, USD ${totals?.cost_usd ?? 0}`,
)
