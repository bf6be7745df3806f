/** The stack of the tests whose model answers by a script, which runs as long as the test file that loads them. */
import { after, before, beforeEach } from 'node:test'
import pg from 'pg'
import { type Answer, type Asked, type ScriptedModel, startScriptedModel } from '../../../helpers/servers/model.ts'
import { startTestStack, type TestStack } from '../../../helpers/stack/stack.ts'

export let model: ScriptedModel
export let stack: TestStack
export let client: pg.Client

/** How the model answers a request, with the number of the request in the test; each test begins with good answers. */
let script: (asked: Asked, index: number) => Answer = () => ({})

/** Has the model answer by `next` from now on. */
export function answerBy(next: typeof script): void {
  script = next
}

before(async () => {
  model = await startScriptedModel((asked, index) => script(asked, index))
  stack = await startTestStack({
    OPENAI_BASE_URL: model.url,
    OPENAI_MODEL: 'small',
    OPENAI_ESCALATION_MODEL: 'large',
    RATE_RPM: '100000',
  })
  client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
})

after(async () => {
  await client?.end()
  await stack?.stop()
  await model?.close()
})

beforeEach(() => {
  model.asked.length = 0
  script = () => ({})
})
