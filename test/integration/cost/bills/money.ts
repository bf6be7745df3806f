/** What an endpoint is paid is booked and limited: odd usage, a cost limit without usage, and runs that end in the middle. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EstimateReport } from '../../../../src/cli/classify/estimate-sum.ts'
import type { RunReport } from '../../../../src/cli/classify/run-report.ts'
import { makeVaried } from '../../../bench/catalogues.ts'
import { runCli, startCli } from '../../../helpers/cli/cli.ts'
import type { QuirkyEndpoint } from '../../../helpers/quirky-endpoint/endpoint.ts'
import { message, type Quirk } from '../../../helpers/quirky-endpoint/types.ts'
import { USAGE } from '../../../helpers/quirky-endpoint/usage.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { PRICE, world } from './world.ts'

const LATENCY_MS = 300

interface Booked {
  readonly requests: number
  readonly input: number
  readonly output: number
  readonly usd: number
  readonly estimated: number
  readonly sent: number
}

/** What stands in llm_requests of a run. */
async function bookedOf(runId: string): Promise<Booked> {
  const { rows } = await world.client.query<Booked>(
    `select count(*)::int as requests, coalesce(sum(input_tokens), 0)::float as input,
       coalesce(sum(output_tokens), 0)::float as output, coalesce(sum(cost_usd), 0)::float as usd,
       count(*) filter (where estimated)::int as estimated, count(*) filter (where outcome = 'sent')::int as sent
     from llm_requests where run_id = $1`,
    [runId],
  )
  const [booked] = rows
  assert.ok(booked)
  return booked
}

async function classify(
  args: readonly string[],
): Promise<RunReport & { readonly code: number | null; readonly stderr: string }> {
  const { code, stdout, stderr } = await runCli(['classify', ...args, '--json'], { env: world.env })
  assert.ok(stdout.startsWith('{'), stderr)
  return { ...(JSON.parse(stdout) as RunReport), code, stderr }
}

/** What the endpoint would bill, by its own count of tokens. */
function billedUsd({ billed }: QuirkyEndpoint): number {
  return (billed.input * PRICE.input + billed.output * PRICE.output) / 1e6
}

const about = (value: number, other: number, share: number) => Math.abs(value - other) <= share * other

const ODD_USAGE = (Object.keys(USAGE) as (keyof typeof USAGE)[]).filter((name) => !name.startsWith('nonsense'))

for (const name of ODD_USAGE) {
  const share = name === 'usage-cached-wild' ? 0.001 : 0.4
  test(`${name}: the tokens are those of the texts, and everything that sums them up goes on`, async () => {
    world.endpoint.behave(name)
    const report = await classify([await world.catalogue(name, 20), '--mode', 'model', '--batch-size', '10'])
    assert.equal(report.code, 0, report.stderr)
    assert.equal(report.classified, 20)
    const booked = await bookedOf(report.run_id)
    assert.equal(booked.requests, 2)
    assert.deepEqual(
      [report.model_requests, report.tokens.input, report.tokens.output],
      [2, booked.input, booked.output],
    )
    assert.ok(
      about(report.cost_usd, billedUsd(world.endpoint), share),
      `${report.cost_usd} for ${billedUsd(world.endpoint)}`,
    )

    const estimated = name === 'usage-cached-wild' ? 0 : 2
    assert.equal(booked.estimated, estimated)
    assert.equal(report.estimated?.model_requests ?? 0, estimated)
    const warned = report.warnings.find(({ code }) => code === 'estimated-usage')
    assert.equal(warned?.count ?? 0, estimated)
    assert.equal(report.tokens.cached, 0)

    const status = await runCli(['status', report.run_id, '--json'], { env: world.env })
    assert.equal(status.code, 0, status.stderr)
    const next = await runCli(
      ['classify', await world.catalogue('next', 20), '--mode', 'model', '--estimate', '--json'],
      {
        env: world.env,
      },
    )
    assert.equal(next.code, 0, next.stderr)
    assert.ok(about((JSON.parse(next.stdout) as EstimateReport).cost_usd, report.cost_usd, 0.6))
  })
}

test('metrics tell how many requests were counted by estimate', async () => {
  const metrics = await (await fetch(`${world.stack.replicaUrl}/metrics`)).text()
  const [, count] = /^classify_model_requests_estimated_total\{model="quirky"\} (\d+)$/m.exec(metrics) ?? []
  assert.ok(Number(count) >= 20, String(count))
})

test('a cost limit holds with an endpoint that never names its tokens, and is used up', async () => {
  world.endpoint.behave('usage-missing')
  const path = join(world.directory, 'varied.jsonl')
  await makeVaried(path, 600)
  const report = await classify([path, '--max-cost', '0.01'])
  assert.equal(report.code, 1, report.stderr)
  const usd = billedUsd(world.endpoint)
  assert.ok(usd >= 0.008 && usd <= 0.01, `USD ${usd} by the endpoint, ${report.cost_usd} by the report`)
  assert.ok(report.cost_usd <= 0.01, String(report.cost_usd))
  assert.equal(report.max_cost?.reached, true)
  assert.equal(report.max_cost?.spent_usd, report.cost_usd)
  assert.equal(report.estimated?.model_requests, report.model_requests)
  assert.equal(report.estimated?.cost_usd, report.cost_usd)
  assert.equal(report.classified + report.unchanged + report.failed, 600)
  assert.ok(report.classified > 0)
  assert.equal(world.endpoint.asked.length, report.model_requests)
  assert.match(report.stderr, /Stopped at the cost limit: USD 0\.00[89]\d+ of --max-cost 0\.01 is spent;/)
})

/** Answers after a while, and notes the names that were answered. */
function slow(answered: Map<string, number>): Quirk {
  return async (seen) => {
    await sleep(LATENCY_MS)
    for (const { name = '' } of seen.items) answered.set(name, (answered.get(name) ?? 0) + 1)
    return message(seen, { content: seen.text })
  }
}

const ENDS = { kill: ['--force'], cancel: [] } as const
/** A pace at which a run of 200 requests is in its middle for seconds. */
const PACE = ['--rpm', '1500']

for (const [name, options] of Object.entries(ENDS)) {
  for (const more of [[], ['--no-reuse', '--force']]) {
    test(`${name} in the middle of a run, ${more.join(' ') || 'with reuse'}: what was paid is booked, and no answer is asked again`, async () => {
      const rows = 200
      const answered = new Map<string, number>()
      world.endpoint.behave(slow(answered))
      const file = await world.catalogue(`${name}-${more.length}`, rows)
      const cli = startCli(['classify', file, '--mode', 'model', '--pack', '1', ...PACE, ...more, '--json'], {
        env: world.env,
      })
      await cli.untilSaid(/--resume run-\S+/)
      const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
      await waitUntil('40 requests are answered', async () => answered.size >= 40)
      const killed = await runCli(['kill', runId, ...options, '--json'], { env: world.env })
      assert.equal(killed.code, 0, killed.stderr)
      const { stdout } = await cli.result
      const report = JSON.parse(stdout) as RunReport
      await waitUntil('nothing is in flight', async () => answered.size === world.endpoint.asked.length)
      const inFlight = world.endpoint.mostInFlight

      const paid = world.endpoint.billed.requests
      await waitUntil('what was paid is booked', async () => (await bookedOf(runId)).requests >= paid)
      const booked = await bookedOf(runId)
      assert.ok(booked.requests - paid <= inFlight, 'each request is booked, and none twice')
      assert.ok(Math.abs(report.model_requests - paid) <= inFlight, `${report.model_requests} reported, ${paid} paid`)

      // A killed batch leaves its claims, which run out after two minutes.
      await world.client.query('update claims set expires_at = now()')
      const known = new Set(answered.keys())
      const resumed = await classify(['--resume', runId])
      assert.equal(resumed.code, 0, resumed.stderr)
      assert.equal(resumed.classified + resumed.unchanged, rows)
      const again = [...known].filter((one) => (answered.get(one) ?? 0) > 1)
      // Requests in flight at the end are given up, so that their answers never came.
      assert.ok(again.length <= booked.estimated, `${again.length} of ${known.size} answers were asked again`)
      const all = await bookedOf(runId)
      // A request that was given up on its way may be booked although the endpoint never had it.
      const unsent = all.requests - world.endpoint.billed.requests
      assert.ok(unsent >= 0 && unsent <= inFlight, `${all.requests} booked, ${world.endpoint.billed.requests} paid`)
      assert.equal(resumed.model_requests, all.requests)
    })
  }
}

test('a lost replica: what it had in flight stays booked as estimated, and the rest is as billed', async () => {
  const rows = 120
  const answered = new Map<string, number>()
  world.endpoint.behave(slow(answered))
  const file = await world.catalogue('lost', rows)
  const cli = startCli(['classify', file, '--mode', 'model', '--pack', '1', '--json'], { env: world.env })
  await waitUntil('40 requests are answered', async () => answered.size >= 40)
  process.kill(world.stack.pids().replica ?? 0, 'SIGKILL')
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout) as RunReport
  assert.equal(report.classified, rows)
  const booked = await bookedOf(report.run_id)
  assert.equal(booked.requests, report.model_requests)
  assert.ok(Math.abs(booked.requests - world.endpoint.billed.requests) <= world.endpoint.mostInFlight)
  assert.ok(booked.sent <= world.endpoint.mostInFlight)
  assert.equal(report.estimated?.model_requests ?? 0, booked.estimated)
})
