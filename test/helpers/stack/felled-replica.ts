/** A replica for tests, a process of its own that is gone at once when a batch names the indicator it cannot bear. */
import { createServer } from 'node:http2'
import { pino } from 'pino'
import { readConfig } from '../../../src/config/config.ts'
import { createResources, openSchemes } from '../../../src/resources.ts'
import { createRestateHandler } from '../../../src/restate/services.ts'

/** The id of the indicator that fells the process. */
export const FELLING_ID = 'FELLS.1'

if (process.argv[1] === import.meta.filename) {
  const log = pino({ level: 'silent' })
  const config = readConfig()
  const resources = createResources(config, `felled-${process.pid}`, log)
  await resources.leaseClient.start(500)
  const { store } = resources
  const handler = createRestateHandler({
    ...resources,
    schemes: await openSchemes(store),
    store: {
      ...store,
      findLatest: async (scope, ids) => {
        // As the kernel does with a process that is out of memory.
        if (ids.includes(FELLING_ID)) process.kill(process.pid, 'SIGKILL')
        return await store.findLatest(scope, ids)
      },
    },
    health: async () => ({ service: 'felled', status: 'ok', uptime_s: 1, model: 'offline-rules' }),
    log,
    maxWaitMs: config.rate.maxWaitMs,
    modelTimeoutMs: config.openai.timeoutMs,
    flexTimeoutMs: config.openai.flexTimeoutMs,
    identityKeys: [],
  })
  createServer(handler).listen(config.port, '127.0.0.1')
}
