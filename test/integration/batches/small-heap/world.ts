/** The stack whose replica has little memory, and what it says of itself; it runs as long as the test file that loads its tests. */
import { after, before } from 'node:test'
import { startTestStack, type TestStack } from '../../../helpers/stack/stack.ts'

/** The heap that Node takes in a container of 512 MiB. */
const NODE_OPTIONS = '--max-old-space-size=272'
/** A bound on how long the event loop is held, which only work out of all proportion exceeds; a busy machine itself holds a process for a second or two. */
export const MAX_HELD_S = 5

export let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000' }, { NODE_OPTIONS })
})

after(() => stack?.stop())

/** The longest time for which the event loop of the replica was held since it was last asked. */
export async function heldSeconds(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${stack.env.PORT}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1])
}
