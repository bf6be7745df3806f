/** A whole stack with an offline model that answers as it was taught, and what tests of audits ask of it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Labels } from '../../../src/classification/types.ts'
import type { RunReport } from '../../../src/cli/classify/run-report.ts'
import { createGoldAnswers } from '../../../src/offline-model/answers-gold.ts'
import type { BatchResponse, EvidenceResponse } from '../../../src/restate/contract.ts'
import { type RunningCli, runCli, startCli } from '../cli/cli.ts'
import { type SwitchableModel, startSwitchableModel } from '../servers/switchable-model.ts'
import { callIngress, startTestStack, type TestStack } from '../stack/stack.ts'
import { countRight, goldOf, type MadeRow, writeRows } from './audited-catalogue.ts'

export type FieldEvidence = EvidenceResponse['fields'][number]

export interface AuditWorld {
  readonly stack: TestStack
  readonly model: SwitchableModel
  readonly database: pg.Client
  /** Makes the model answer with the labels of these rows from now on, and sets its counters to zero. */
  teach(rows: readonly MadeRow[]): Promise<void>
  /** The requests that the model has accepted since it was last taught. */
  requests(): number
  /** Writes the rows to a file and gives the arguments of the command `classify` for it. */
  classifyArgs(catalogue: string, rows: readonly MadeRow[], args?: readonly string[]): Promise<readonly string[]>
  /** Runs `classify` on the rows, and gives its report. */
  classify(catalogue: string, rows: readonly MadeRow[], args?: readonly string[]): Promise<RunReport>
  /** Starts `classify` on the rows without waiting for its end. */
  start(catalogue: string, rows: readonly MadeRow[], args?: readonly string[]): Promise<RunningCli>
  resume(runId: string): Promise<RunReport>
  /** Classifies the rows as one batch of a caller of HTTP. */
  batch(catalogue: string, rows: readonly MadeRow[], options?: object): Promise<BatchResponse>
  /** What the audits of a catalogue show, by field. */
  evidence(catalogue: string, target?: number): Promise<ReadonlyMap<string, FieldEvidence>>
  /** The labels that are stored of a catalogue, by id. */
  labels(catalogue: string): Promise<ReadonlyMap<string, Labels>>
  /** The share of the rows whose stored labels are right in every field. */
  accuracy(catalogue: string, rows: readonly MadeRow[]): Promise<number>
  stop(): Promise<void>
}

export async function startAuditWorld(): Promise<AuditWorld> {
  const model = await startSwitchableModel()
  // The name has a price, which a cost limit needs.
  const stack = await startTestStack({
    OPENAI_BASE_URL: model.url,
    OPENAI_MODEL: 'offline-gold',
    RATE_RPM: '100000',
  })
  const database = new pg.Client({ connectionString: stack.databaseUrl })
  await database.connect()
  const directory = await mkdtemp(join(tmpdir(), 'classify-audits-'))
  let files = 0

  const world: AuditWorld = {
    stack,
    model,
    database,
    teach: (rows) => model.behave({ answers: createGoldAnswers(goldOf(rows)) }),
    requests: () => model.stats().requests.accepted,
    async classifyArgs(catalogue, rows, args = []) {
      files += 1
      const path = join(directory, `${files}.jsonl`)
      await writeRows(path, rows)
      return ['classify', path, '--catalogue', catalogue, '--json', ...args]
    },
    async classify(...given) {
      return reportOf(await runCli(await world.classifyArgs(...given), { env: stack.env }))
    },
    async start(...given) {
      return startCli(await world.classifyArgs(...given), { env: stack.env })
    },
    async resume(runId) {
      return reportOf(await runCli(['classify', '--resume', runId, '--json'], { env: stack.env }))
    },
    async batch(catalogue, rows, options = {}) {
      const indicators = rows.map(({ labels: _, ...record }) => record)
      const answer = await callIngress(stack, 'classify-api/batch', { indicators, catalogue, options })
      assert.equal(answer.status, 200, answer.text)
      return answer.json() as BatchResponse
    },
    async evidence(catalogue, target) {
      const body = { catalogue, ...(target === undefined ? {} : { target }) }
      const answer = await callIngress(stack, 'classify-api/evidence', body)
      assert.equal(answer.status, 200, answer.text)
      return new Map((answer.json() as EvidenceResponse).fields.map((one) => [one.field, one]))
    },
    async labels(catalogue) {
      const found = new Map<string, Labels>()
      for await (const page of stack.database.store.exportClassifications({
        catalogue,
        codebook: 'economic-indicators',
      })) {
        for (const one of page) found.set(one.indicator_id, one.labels)
      }
      return found
    },
    async accuracy(catalogue, rows) {
      return countRight(rows, await world.labels(catalogue)) / rows.length
    },
    async stop() {
      await database.end()
      await stack.stop()
      await model.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return world
}

/** The report of a run that ended without a failure. */
function reportOf({ code, stdout, stderr }: Awaited<ReturnType<typeof runCli>>): RunReport {
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as RunReport
}
