/** The stack with the offline model and without a practical limit of rate, which runs as long as the test file that loads its tests. */
import { after, before } from 'node:test'
import pg from 'pg'
import { startTestStack, type TestStack } from '../../../helpers/stack/stack.ts'

export let stack: TestStack
/** A connection to the database of the stack. */
export let client: pg.Client

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000' })
  client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
})

after(async () => {
  await client?.end()
  await stack?.stop()
})
