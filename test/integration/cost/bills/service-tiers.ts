/** Service tiers over the whole path: flex at half price that refuses one in five, fallbacks, limits on the cost, and what the tier of an answer bills. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EstimateReport } from '../../../../src/cli/classify/estimate-sum.ts'
import type { RunReport } from '../../../../src/cli/classify/run-report.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import { TIERS } from '../../../helpers/quirky-endpoint/tiers.ts'
import type { Quirk, Seen } from '../../../helpers/quirky-endpoint/types.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { FLEX, PRICE, world } from './world.ts'

/** What the stand-in has charged since the last `standIn`, and how often it has answered about each indicator. */
let charged = { flex: 0, standard: 0 }
let answered = new Map<string, number>()

/** The endpoint answers by a quirk, and charges half for every answer that it names flex. */
function standIn(name: keyof typeof TIERS): void {
  const quirk: Quirk = TIERS[name]
  charged = { flex: 0, standard: 0 }
  answered = new Map()
  world.endpoint.behave(async (seen) => {
    const reply = await quirk(seen)
    if ((reply.status ?? 200) !== 200) return reply
    for (const { id } of seen.items) answered.set(id, (answered.get(id) ?? 0) + 1)
    const isFlex = (reply.body as { readonly service_tier?: unknown }).service_tier === 'flex'
    charged[isFlex ? 'flex' : 'standard'] += usdOf(seen, isFlex ? FLEX : PRICE)
    return reply
  })
}

function usdOf({ tokens }: Seen, price: typeof PRICE): number {
  return (tokens.input * price.input + tokens.output * price.output) / 1e6
}

async function classify(
  args: readonly string[],
): Promise<RunReport & { readonly code: number | null; readonly stderr: string }> {
  const { code, stdout, stderr } = await runCli(['classify', ...args, '--mode', 'model', '--json'], { env: world.env })
  assert.ok(stdout.startsWith('{'), stderr)
  return { ...(JSON.parse(stdout) as RunReport), code, stderr }
}

/** The requests of a run in llm_requests by outcome and service tier, and what each of them cost. */
async function bookedOf(runId: string): Promise<Record<string, { readonly requests: number; readonly usd: number }>> {
  const { rows } = await world.client.query<{ kind: string; requests: number; usd: number }>(
    `select outcome || ' ' || coalesce(service_tier, 'none') as kind, count(*)::int as requests, sum(cost_usd)::float as usd
     from llm_requests where run_id = $1 group by 1`,
    [runId],
  )
  return Object.fromEntries(rows.map(({ kind, requests, usd }) => [kind, { requests, usd }]))
}

function assertCost(report: Pick<RunReport, 'cost_usd'>): void {
  const usd = charged.flex + charged.standard
  assert.ok(usd > 0)
  assert.ok(Math.abs(report.cost_usd - usd) <= 0.01 * usd, `USD ${report.cost_usd} by the report, ${usd} charged`)
}

function assertAskedOnce(rows: number): void {
  assert.equal(answered.size, rows)
  assert.deepEqual(
    [...answered].filter(([, times]) => times !== 1),
    [],
  )
}

test('flex at half price that refuses one in five: all rows are classified, the cost is that of the endpoint, and nothing is asked twice', async () => {
  standIn('flex-one-in-five-refused')
  const report = await classify([await world.catalogue('five', 400), '--tier', 'flex'])
  assert.equal(report.code, 0, report.stderr)
  assert.deepEqual([report.classified, report.failed], [400, 0])
  assertCost(report)
  assertAskedOnce(400)
  assert.equal(charged.standard, 0)

  const refused = world.endpoint.asked.length - world.endpoint.billed.requests
  assert.ok(refused >= 8, `${refused} requests were refused`)
  const booked = await bookedOf(report.run_id)
  assert.deepEqual(Object.keys(booked).sort(), ['model-no-capacity flex', 'ok flex'])
  assert.equal(booked['ok flex']?.requests, world.endpoint.billed.requests)
  assert.deepEqual(booked['model-no-capacity flex'], { requests: refused, usd: 0 })
  assert.equal(report.service_tiers?.flex?.model_requests, world.endpoint.asked.length)
  assert.equal(report.service_tiers?.flex?.cost_usd, report.cost_usd)
  const budget = (await callIngress(world.stack, 'classify-api/budget', {})).json() as { readonly pace_factor: number }
  assert.equal(budget.pace_factor, 1, 'refusals for want of capacity do not lower the pace')
})

test('a run with --tier-fallback asks in the standard tier where flex has no capacity', async () => {
  standIn('flex-never-free')
  const report = await classify([await world.catalogue('fall', 60), '--tier', 'flex', '--tier-fallback'])
  assert.equal(report.code, 0, report.stderr)
  assert.equal(report.classified, 60)
  assertCost(report)
  assertAskedOnce(60)
  const booked = await bookedOf(report.run_id)
  assert.deepEqual(Object.keys(booked).sort(), ['model-no-capacity flex', 'ok standard'])
  assert.equal(booked['ok standard']?.requests, booked['model-no-capacity flex']?.requests)
})

for (const name of ['flex-served-standard', 'tier-not-named', 'tier-named-oddly', 'flex-groq-498'] as const) {
  test(`${name}: what was charged is what the report says`, async () => {
    standIn(name)
    const report = await classify([await world.catalogue(name, 40), '--tier', 'flex'])
    assert.equal(report.code, 0, report.stderr)
    assert.equal(report.classified, 40)
    assertCost(report)
    assertAskedOnce(40)
  })
}

test('a limit on the cost holds by the dearest tier that a request may end in, and flex uses it up', async () => {
  for (const name of ['tiers-named', 'flex-served-standard'] as const) {
    standIn(name)
    const report = await classify([
      await world.catalogue(`limit-${name}`, 300),
      '--tier',
      'flex',
      '--max-cost',
      '0.006',
    ])
    assert.equal(report.code, 1, report.stderr)
    assert.equal(report.max_cost?.reached, true)
    const usd = charged.flex + charged.standard
    assert.ok(usd <= 0.006 && usd >= 0.004, `${name}: USD ${usd} charged`)
    assertCost(report)
  }
})

test('a limit on the cost needs a price of the tier', async () => {
  const path = await world.catalogue('priority', 10)
  const { code, stderr } = await runCli(['classify', path, '--tier', 'priority', '--max-cost', '1'], { env: world.env })
  assert.equal(code, 2)
  assert.match(stderr, /the price of the model quirky in the service tier priority is not known: set OPENAI_PRICES/)
})

test('an estimate in the flex tier is half of the one in the standard tier, and both name their tier', async () => {
  const path = await world.catalogue('estimate', 100)
  const estimate = async (tier: string) => {
    const { code, stdout, stderr } = await runCli(
      ['classify', path, '--mode', 'model', '--tier', tier, '--estimate', '--json'],
      { env: world.env },
    )
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as EstimateReport
  }
  const [flex, standard] = [await estimate('flex'), await estimate('standard')]
  assert.deepEqual([flex.service_tier, standard.service_tier], ['flex', 'standard'])
  assert.ok(Math.abs(flex.cost_usd - standard.cost_usd / 2) < 2e-6, `${flex.cost_usd} and ${standard.cost_usd}`)
})

test('over HTTP the options name the tier; without them the parameter is not sent', async () => {
  standIn('tiers-named')
  const ask = async (id: string, options: object) => {
    const body = {
      indicators: [{ indicator_id: id, name: `Zorbic thing ${id}` }],
      options: { mode: 'model', ...options },
    }
    const { status, text } = await callIngress(world.stack, 'classify-api/batch', body)
    assert.equal(status, 200, text)
    return world.endpoint.asked.at(-1)?.body.service_tier
  }
  assert.equal(await ask('http.1', { tier: 'flex' }), 'flex')
  assert.equal(await ask('http.2', { tier: 'standard' }), 'default')
  assert.equal(await ask('http.3', {}), undefined)
  const wrong = await callIngress(world.stack, 'classify-api/batch', {
    indicators: [{ indicator_id: 'x', name: 'x' }],
    options: { tier: 'cheap' },
  })
  assert.equal(wrong.status, 400)
  assert.match(wrong.text, /must be one of flex, standard, priority/)
})

test('metrics show the cost by tier', async () => {
  const metrics = await (await fetch(`${world.stack.replicaUrl}/metrics`)).text()
  assert.match(metrics, /^classify_model_cost_usd_total\{model="quirky",service_tier="flex"\} \d/m)
  assert.match(metrics, /^classify_model_cost_usd_total\{model="quirky",service_tier="standard"\} \d/m)
})

// What an endpoint does not take is not sent for the life of the replica, so that this test stands last.
test('a tier that the endpoint does not know is left out, and the report warns of it', async () => {
  standIn('tier-not-known')
  const report = await classify([await world.catalogue('unknown', 40), '--tier', 'flex'])
  assert.equal(report.code, 0, report.stderr)
  assert.equal(report.classified, 40)
  assertCost(report)
  assertAskedOnce(40)
  assert.equal(report.service_tiers, undefined)
  const { asked, billed } = world.endpoint
  assert.equal(report.warnings.find(({ code }) => code === 'other-tier')?.count, billed.requests)
  assert.equal(report.model_requests, asked.length, 'the refused requests count as requests')
  const { 'model-bad-request none': refused } = await bookedOf(report.run_id)
  assert.deepEqual(refused, { requests: asked.length - billed.requests, usd: 0 })
})
