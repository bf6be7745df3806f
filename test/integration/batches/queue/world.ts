/** The stack of the tests of the queue, whose model answers when a test lets it; it runs as long as the test file that loads them. */
import { after, before } from 'node:test'
import { type ScriptedModel, startScriptedModel } from '../../../helpers/servers/model.ts'
import { startTestStack, type TestStack } from '../../../helpers/stack/stack.ts'

let released = Promise.withResolvers<void>()

export let model: ScriptedModel
export let stack: TestStack
/** The environment of the command line. */
export let env: Readonly<Record<string, string>>

/** The model holds its answers back from now on, so that what asks it stays under way for as long as a test needs it. */
export function hold(): void {
  released.resolve()
  released = Promise.withResolvers<void>()
}

/** The model answers all that it has held back, and what it is asked from now on. */
export function release(): void {
  released.resolve()
}

before(async () => {
  model = await startScriptedModel(() => ({ after: released.promise }))
  stack = await startTestStack({ OPENAI_BASE_URL: model.url, OPENAI_TIMEOUT_MS: '300000', RATE_RPM: '100000' })
  env = { ...stack.env }
})

after(async () => {
  release()
  await stack?.stop()
  await model?.close()
})
