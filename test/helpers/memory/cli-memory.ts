/** How much memory the command `classify` takes for a catalogue of many rows, beside a service that a script plays. */
import assert from 'node:assert/strict'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runCli } from '../cli/cli.ts'
import { batchDone, type Reply, startScriptedIngress } from '../servers/ingress.ts'
import { compareMemory, type MemoryComparison } from './catalogue-memory.ts'

const SAY_PEAK = fileURLToPath(new URL('say-peak.cjs', import.meta.url))
/** So long takes a batch, so that dozens are in flight. */
const ANSWER_MS = 1_000

/**
 * Checks that the whole command takes at most so many MB more for many rows, and resolves with the peaks; "OUT" in `args` becomes a new
 * file.
 */
export async function assertRunMemoryStays(comparison: MemoryComparison, args: readonly string[]): Promise<string> {
  const ingress = await startScriptedIngress(async (path, body) => {
    if (!path.endsWith('/batch')) return { status: 404, body: { message: `classify-api has no handler ${path}` } }
    await sleep(ANSWER_MS)
    return batchOfResults(body)
  })
  try {
    return await compareMemory(comparison, async (path) => {
      const dataDir = `${path}.data`
      await mkdir(dataDir)
      const env = { DATA_DIR: dataDir, NODE_OPTIONS: `--require=${SAY_PEAK}`, PEAK_FILE: `${dataDir}/peak` }
      const named = args.map((arg) => arg.replace('OUT', `${path}.out`))
      const base = ['classify', path, '--mode', 'rules', '--ingress', ingress.url]
      const { code, stderr } = await runCli([...base, ...named], { env, ownProcess: true })
      assert.equal(code, 0, stderr.slice(-2_000))
      const peak = Number(await readFile(env.PEAK_FILE, 'utf8'))
      await rm(dataDir, { recursive: true })
      return peak
    })
  } finally {
    await ingress.close()
  }
}

/** The answer to a batch with results as large as those of economic indicators. */
function batchOfResults(body: unknown): Reply {
  const { indicators } = body as { readonly indicators: readonly { indicator_id: string; name: string }[] }
  const fields = ['family', 'type', 'temporal_aggregation', 'is_currency_denominated', 'orientation', 'unit', 'scale']
  const results = indicators.map(({ indicator_id, name }) => ({
    ...{
      indicator_id,
      name,
      catalogue: 'many',
      codebook: 'economic-indicators@2',
      status: 'unverified',
      source: 'rules',
    },
    ...{ type: 'flow', confidence: 0.5, issues: [], model: null, prompt_version: null, run_id: 'run-of-a-test' },
    ...{
      reason: `the words of "${name}" and the unit 'USD million' say so`,
      classified_at: '2026-11-29T12:00:00.000Z',
    },
    field_confidence: Object.fromEntries(fields.map((field) => [field, 0.5])),
    field_source: Object.fromEntries(fields.map((field) => [field, 'rules'])),
  }))
  const reply = batchDone(body)
  return { body: { ...(reply.body as object), results } }
}
