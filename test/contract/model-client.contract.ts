/** What every `ModelClient` does against an endpoint that works. Its failures are tested with each client. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ANSWER_SCHEMA, ANSWER_SCHEMA_NAME } from '../../src/classification/answer-schema.ts'
import { parseAnswers } from '../../src/classification/answers.ts'
import {
  answerKeys,
  buildSystemPrompt,
  buildUserPrompt,
  completionTokenLimit,
} from '../../src/classification/prompt.ts'
import { isServiceError } from '../../src/errors.ts'
import type { ModelClient, ModelRequest } from '../../src/llm/types.ts'
import { fieldReading, indicatorOf, readingOf } from '../helpers/readings.ts'

export interface ModelClientAdapter {
  /** With an escalation model. */
  readonly client: ModelClient
  /** The same endpoint, without one. */
  readonly clientWithoutEscalation: ModelClient
  close(): Promise<void>
}

const reading = readingOf({ orientation: fieldReading('higher-is-positive', false) })

/** A real question for `count` indicators, whose ids begin with `prefix`. */
export function askFor(count: number, prefix = 'exports'): ModelRequest & { readonly keys: readonly string[] } {
  const keys = answerKeys(count)
  const items = keys.map((key) => ({ key, indicator: indicatorOf({ indicator_id: `${prefix}-${key}` }), reading }))
  return {
    tier: 'primary',
    system: buildSystemPrompt(),
    user: buildUserPrompt(items),
    schema: JSON.parse(JSON.stringify(ANSWER_SCHEMA)),
    schemaName: ANSWER_SCHEMA_NAME,
    maxCompletionTokens: completionTokenLimit(count),
    cacheKey: 'test',
    keys,
  }
}

export function modelClientContract(name: string, makeAdapter: () => Promise<ModelClientAdapter>): void {
  describe(`model client contract: ${name}`, () => {
    let adapter: ModelClientAdapter
    before(async () => {
      adapter = await makeAdapter()
    })
    after(() => adapter.close())

    it('knows its models before any request', () => {
      assert.notEqual(adapter.client.models.primary, '')
      assert.notEqual(adapter.client.models.escalation, null)
      assert.equal(adapter.clientWithoutEscalation.models.escalation, null)
    })

    it('answers with the parsed JSON, the usage, its cost and the model', async () => {
      const question = askFor(3)
      const reply = await adapter.client.ask(question)
      const { decisions, problems } = parseAnswers(reply.answer, question.keys)
      assert.deepEqual([...decisions.keys()], question.keys)
      assert.deepEqual(problems, { missing: [], doubled: [], unknown: [], invalid: [] })
      assert.ok(reply.usage.input > 0 && reply.usage.output > 0)
      assert.ok(reply.usage.cachedInput + reply.usage.cacheWriteInput <= reply.usage.input)
      assert.ok(reply.costUsd >= 0)
      assert.ok(reply.latencyMs > 0)
      assert.notEqual(reply.model, '')
    })

    it('asks the escalation model', async () => {
      const question = askFor(1)
      const reply = await adapter.client.ask({ ...question, tier: 'escalation' })
      assert.equal(parseAnswers(reply.answer, question.keys).decisions.size, 1)
    })

    it('rejects an escalation where no model is set for it', async () => {
      const asked = adapter.clientWithoutEscalation.ask({ ...askFor(1), tier: 'escalation' })
      await assert.rejects(asked, (error) => isServiceError(error) && error.code === 'config-invalid')
    })

    it('answers 250 questions asked at once, each with its own answer', async () => {
      const questions = Array.from({ length: 250 }, (_, index) => askFor(1 + (index % 3)))
      const replies = await Promise.all(questions.map((question) => adapter.client.ask(question)))
      replies.forEach((reply, index) => {
        const keys = questions[index]?.keys ?? []
        assert.equal(parseAnswers(reply.answer, keys).decisions.size, keys.length)
      })
    })

    it('stops when its caller does, before and during the request', async () => {
      const interrupted = (error: unknown) => isServiceError(error) && error.code === 'interrupted'
      await assert.rejects(adapter.client.ask({ ...askFor(1), signal: AbortSignal.abort() }), interrupted)
      const controller = new AbortController()
      const asked = adapter.client.ask({ ...askFor(1), signal: controller.signal })
      controller.abort()
      await assert.rejects(asked, interrupted)
    })
  })
}
