/** The stack with the offline model and without a practical limit of rate, which runs as long as the test file that loads its tests. */
import { after, before } from 'node:test'
import { startTestStack, type TestStack } from '../../helpers/stack.ts'

export let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000' })
})

after(() => stack?.stop())
