/** What every `ModelClient` does against an endpoint that works. Its failures are tested with each client. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { loadBuiltIns, schemeOf } from '../../src/catalogue/codebook-files.ts'
import { answerSchemaName, buildAnswerSchema } from '../../src/classification/answer-schema.ts'
import { type AskedKey, parseAnswers } from '../../src/classification/answers.ts'
import { answerKeys, buildSystemPrompt } from '../../src/classification/prompt.ts'
import { promptItemOf, questionOf } from '../../src/classification/question.ts'
import { completionTokenLimit } from '../../src/classification/tokens.ts'
import { buildUserPrompt } from '../../src/classification/user-prompt.ts'
import { isServiceError } from '../../src/errors.ts'
import type { ModelClient, ModelRequest } from '../../src/llm/types.ts'
import { indicatorOf } from '../helpers/codebooks/readings.ts'

const [builtIn] = await loadBuiltIns()
assert.ok(builtIn)
const scheme = schemeOf(builtIn)
const { codebook } = scheme

export interface ModelClientAdapter {
  /** With an escalation model. */
  readonly client: ModelClient
  /** The same endpoint, without one. */
  readonly clientWithoutEscalation: ModelClient
  close(): Promise<void>
}

/** A real question about all fields of `count` indicators, whose ids begin with `prefix`. The rules read every field of them. */
export function askFor(count: number, prefix = 'exports'): ModelRequest & { readonly asked: readonly AskedKey[] } {
  const items = answerKeys(count).map((key) => {
    const indicator = indicatorOf({ indicator_id: `${prefix}-${key}` })
    const question = questionOf(scheme, indicator, scheme.code?.read(indicator) ?? {}, { mode: 'model' })
    assert.ok(question)
    return promptItemOf(key, question, 'model')
  })
  return {
    tier: 'primary',
    system: buildSystemPrompt(codebook),
    user: buildUserPrompt(codebook, items),
    schema: JSON.parse(JSON.stringify(buildAnswerSchema(codebook))),
    schemaName: answerSchemaName(codebook),
    maxCompletionTokens: completionTokenLimit(
      codebook,
      items.map(({ fields }) => fields),
    ),
    cacheKey: 'test',
    asked: items,
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
      const { decisions, unanswered, unknown } = parseAnswers(codebook, reply.answer, question.asked)
      assert.deepEqual(
        [...decisions].map(([key, { labels }]) => ({ key, fields: Object.keys(labels) })),
        question.asked.map(({ key, fields }) => ({ key, fields })),
      )
      assert.deepEqual([unanswered, unknown], [[], []])
      assert.ok(reply.usage.input > 0 && reply.usage.output > 0)
      assert.ok(reply.usage.cachedInput + reply.usage.cacheWriteInput <= reply.usage.input)
      assert.ok(reply.costUsd >= 0)
      assert.ok(reply.latencyMs > 0)
      assert.notEqual(reply.model, '')
    })

    it('asks the escalation model', async () => {
      const question = askFor(1)
      const reply = await adapter.client.ask({ ...question, tier: 'escalation' })
      const { decisions, unanswered } = parseAnswers(codebook, reply.answer, question.asked)
      assert.deepEqual([decisions.size, unanswered], [1, []])
    })

    it('rejects an escalation where no model is set for it', async () => {
      const asked = adapter.clientWithoutEscalation.ask({ ...askFor(1), tier: 'escalation' })
      await assert.rejects(asked, (error) => isServiceError(error) && error.code === 'config-invalid')
    })

    it('answers 250 questions asked at once, each with its own answer', async () => {
      const questions = Array.from({ length: 250 }, (_, index) => askFor(1 + (index % 3)))
      const replies = await Promise.all(questions.map((question) => adapter.client.ask(question)))
      replies.forEach((reply, index) => {
        const asked = questions[index]?.asked ?? []
        const { decisions, unanswered } = parseAnswers(codebook, reply.answer, asked)
        assert.deepEqual([decisions.size, unanswered], [asked.length, []])
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
