/** A cost limit against endpoints that answer nonsense, that are dear, that time out, and through splits and escalation. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunReport } from '../../../src/cli/classify/run-report.ts'
import { runCli, startCli } from '../../helpers/cli/cli.ts'
import { QUIRKS } from '../../helpers/quirky-endpoint/quirks.ts'
import { message, type Quirk } from '../../helpers/quirky-endpoint/types.ts'
import { type QuirkyWorld, startQuirkyWorld } from '../../helpers/quirky-endpoint/world.ts'
import { callIngress } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** One US dollar for each token, so that no rounding hides a request. */
const PRICES = { small: { input: 1e6, output: 1e6 }, large: { input: 3e6, output: 5e6 } }
/** Longer than a stall of a busy machine, in which a request would be given up and booked by estimate. */
const TIMEOUT_MS = 5_000

let world: QuirkyWorld
/** What the endpoint billed for both models, by its own count. */
let billedUsd = 0

before(async () => {
  world = await startQuirkyWorld({
    OPENAI_MODEL: 'small',
    OPENAI_ESCALATION_MODEL: 'large',
    OPENAI_PRICES: JSON.stringify(PRICES),
    OPENAI_TIMEOUT_MS: String(TIMEOUT_MS),
  })
})

after(async () => {
  await world?.stop()
})

/** The quirk, with its bill by the prices of the model that was asked. */
function billing(quirk: Quirk): Quirk {
  return async (seen) => {
    const reply = await quirk(seen)
    const price = PRICES[seen.body.model as keyof typeof PRICES]
    billedUsd += (seen.tokens.input * price.input + seen.tokens.output * price.output) / 1e6
    return reply
  }
}

const isLarge = (seen: Parameters<Quirk>[0]) => seen.body.model === 'large'

/** Answers the primary model in doubt, so that the escalation model is asked about everything. */
const inDoubt: Quirk = (seen) => {
  const answers = seen.answer.answers.map((element) => ({
    ...element,
    labels: element.labels.map((label) => ({ ...label, confidence: isLarge(seen) ? 95 : 20 })),
  }))
  return message(seen, { content: JSON.stringify({ answers }) })
}
/** Leaves out all but one of the records, so that the rest is asked again in smaller chunks. */
const oneOfMany: Quirk = (seen) =>
  message(seen, { content: JSON.stringify({ answers: seen.answer.answers.slice(0, 1) }) })

const CASES: Readonly<Record<string, Quirk>> = {
  clean: QUIRKS.clean,
  nonsense: QUIRKS.nonsense,
  splits: oneOfMany,
  escalation: inDoubt,
  'escalation to nonsense': (seen) => (isLarge(seen) ? QUIRKS.nonsense(seen) : inDoubt(seen)),
}

async function classify(prefix: string, args: readonly string[]): Promise<RunReport & { readonly stderr: string }> {
  const path = join(world.directory, `${prefix.replaceAll(' ', '-')}.jsonl`)
  const lines = Array.from({ length: 120 }, (_, n) => {
    return JSON.stringify({ indicator_id: `${prefix}.${n}`, name: `Zorbic ${prefix} of plain ${n}` })
  })
  await writeFile(path, lines.join('\n'))
  const { stdout, stderr } = await runCli(['classify', path, '--mode', 'model', ...args, '--json'], { env: world.env })
  assert.ok(stdout.startsWith('{'), stderr)
  return { ...(JSON.parse(stdout) as RunReport), stderr }
}

for (const [name, quirk] of Object.entries(CASES)) {
  test(`the limit is never passed: ${name}`, async () => {
    for (const [round, limit] of [150_000, 70_000].entries()) {
      world.endpoint.behave(billing(quirk))
      billedUsd = 0
      const report = await classify(`${name} ${round}`, ['--max-cost', String(limit), '--batch-size', '40'])
      assert.ok(billedUsd <= limit, `USD ${billedUsd} of ${limit}`)
      assert.ok(report.cost_usd <= limit, `USD ${report.cost_usd} of ${limit}`)
      assert.ok(Math.abs(report.cost_usd - billedUsd) < 1, `${report.cost_usd} reported, ${billedUsd} billed`)
      assert.equal(report.max_cost?.spent_usd, report.cost_usd)
      assert.equal(report.model_requests, world.endpoint.asked.length)
      const isStopped = report.max_cost?.reached === true
      assert.equal(isStopped, /Stopped at the cost limit/.test(report.stderr), report.stderr)
      assert.equal(report.classified + report.failed, 120)
      // What was answered under the limit is stored, and is not asked again under a higher one.
      if (name !== 'clean' || !isStopped) continue
      const before = world.endpoint.asked.length
      const { stdout } = await runCli(['classify', '--resume', report.run_id, '--max-cost', '900000', '--json'], {
        env: world.env,
      })
      const resumed = JSON.parse(stdout) as RunReport
      assert.equal(resumed.failed, 0)
      const again = world.endpoint.asked.slice(before).flatMap(({ items }) => items.map((item) => item.name))
      assert.equal(again.length, report.failed)
    }
  })
}

test('a limit that is raised while the run goes on lets it go on, and one that is set after its end as well', async () => {
  billedUsd = 0
  const gate = Promise.withResolvers<void>()
  world.endpoint.behave(async (seen) => {
    await gate.promise
    return await billing(QUIRKS.clean)(seen)
  })
  const path = join(world.directory, 'raised.jsonl')
  const lines = Array.from({ length: 120 }, (_, n) => {
    return JSON.stringify({ indicator_id: `raised.${n}`, name: `Zorbic raised of plain ${n}` })
  })
  await writeFile(path, lines.join('\n'))
  const begin = ['classify', path, '--mode', 'model', '--max-cost', '70000', '--batch-size', '40', '--json']
  const cli = startCli(begin, { env: world.env })
  await cli.untilSaid(/--resume run-/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  await waitUntil('requests are in flight under the first limit', () => world.endpoint.asked.length > 0)
  const raise = async (usd: number) =>
    await runCli(['resume', runId, '--max-cost', String(usd), '--json'], { env: world.env })
  const raised = await raise(90_000)
  assert.equal(raised.code, 0, raised.stderr)
  assert.equal((JSON.parse(raised.stdout) as { run: { max_cost_usd: number } }).run.max_cost_usd, 90_000)
  gate.resolve()
  const first = JSON.parse((await cli.result).stdout) as RunReport
  assert.deepEqual([first.max_cost?.usd, first.max_cost?.reached], [90_000, true])
  assert.ok(first.cost_usd > 70_000 && first.cost_usd <= 90_000, `USD ${first.cost_usd} is spent`)
  assert.ok(billedUsd <= 90_000)

  const late = await raise(900_000)
  assert.equal(late.code, 1)
  assert.match(late.stdout, /"max_cost_usd":900000/)
  const { stdout } = await runCli(['classify', '--resume', runId, '--json'], { env: world.env })
  const second = JSON.parse(stdout) as RunReport
  assert.deepEqual([second.failed, second.max_cost?.usd], [0, 900_000])
  assert.match((await runCli(['status', runId], { env: world.env })).stdout, /"max_cost_usd": 900000/)
})

test('a run that its limit stopped says so with its figures, and refuses a limit under which it could not go on', async () => {
  world.endpoint.behave(billing(QUIRKS.clean))
  const report = await classify('figures', ['--max-cost', '30000', '--batch-size', '40'])
  const { next_usd: next = 0, needed_usd: needed = 0, spent_usd: spent = 0 } = report.max_cost ?? {}
  assert.ok(next > 0 && report.classified > 0, JSON.stringify(report.max_cost))
  assert.equal(needed, spent + next)
  const figures = new RegExp(
    `Stopped at its cost limit: USD ${spent} of 30000 is spent, the next request may cost up to ${next}; raise it to at least ${needed}`,
  )
  assert.match(report.stderr, figures)
  assert.match((await runCli(['status', report.run_id], { env: world.env })).stderr, figures)
  const asked = world.endpoint.asked.length
  const resume = ['classify', '--resume', report.run_id, '--json']
  for (const low of [1, spent, needed - 1]) {
    for (const args of [
      [...resume, '--max-cost', String(low)],
      ['resume', report.run_id, '--max-cost', String(low)],
    ]) {
      const { code, stderr } = await runCli(args, { env: world.env })
      assert.equal(code, 2, stderr)
      assert.match(stderr, new RegExp(`USD ${spent} is spent.*raise it to at least ${needed}`))
    }
  }
  assert.equal(world.endpoint.asked.length, asked)
  const more = JSON.parse(
    (await runCli([...resume, '--max-cost', String(needed)], { env: world.env })).stdout,
  ) as RunReport
  assert.deepEqual([more.max_cost?.usd, more.cost_usd <= needed], [needed, true])
})

test('a limit that not even one request fits under asks nothing', async () => {
  world.endpoint.behave(billing(QUIRKS.clean))
  const report = await classify('tiny', ['--max-cost', '1'])
  assert.deepEqual([world.endpoint.asked.length, report.cost_usd, report.classified, report.failed], [0, 0, 0, 120])
  assert.match(report.failures[0]?.reason ?? '', /--max-cost was reached .*the next request could cost USD/)
})

test('requests that time out are paid as estimated, within the limit', async () => {
  world.endpoint.behave(async (seen) => {
    await sleep(2 * TIMEOUT_MS)
    return QUIRKS.clean(seen)
  })
  const limit = 100_000
  const report = await classify('slow', ['--max-cost', String(limit), '--pack', '25'])
  assert.ok(report.cost_usd > 0 && report.cost_usd <= limit, String(report.cost_usd))
  assert.equal(report.model_requests, world.endpoint.asked.length)
  assert.deepEqual(report.estimated, { model_requests: report.model_requests, cost_usd: report.cost_usd })
  const { rows } = await world.client.query('select distinct outcome, estimated from llm_requests where run_id = $1', [
    report.run_id,
  ])
  assert.deepEqual(rows, [{ outcome: 'model-timeout', estimated: true }])
})

test('a batch of the API gets what the limit of its run allows, and the rest by name', async () => {
  world.endpoint.behave(billing(QUIRKS.clean))
  const indicators = Array.from({ length: 30 }, (_, n) => ({
    indicator_id: `api.${n}`,
    name: `Zorbic api of plain ${n}`,
  }))
  const body = { indicators, run_id: 'limited', options: { mode: 'model', max_cost_usd: 20_000 } }
  const response = await callIngress(world.stack, 'classify-api/batch', body)
  assert.equal(response.status, 200, response.text)
  const { results, stopped, summary } = response.json() as {
    results: { indicator_id: string }[]
    stopped: { code: string; indicator_ids: string[] }
    summary: { classified: number; cost_usd: number }
  }
  assert.equal(stopped.code, 'cost-limit')
  assert.ok(results.length > 0 && stopped.indicator_ids.length > 0)
  const ids = [...results.map(({ indicator_id: id }) => id), ...stopped.indicator_ids].sort()
  assert.deepEqual(ids, indicators.map(({ indicator_id: id }) => id).sort())
  assert.equal(summary.classified, results.length)
  assert.ok(summary.cost_usd <= 20_000)
})
