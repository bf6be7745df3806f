/** The embedded stack as a stack for the drill, in a data directory of its own, which is lost. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { Client } from 'pg'
import { readStackState } from '../../src/embedded/state.ts'
import { type RunningCli, startCli } from '../helpers/cli/cli.ts'
import { isolatedEnv } from '../helpers/stack/stack.ts'
import type { DrillStack } from './drill.ts'

/** Slow enough that a batch of thirty requests is under way when the stack stops. */
const SLOW = { OFFLINE_MODEL_LATENCY_MS: '400', RATE_RPM: '1200', DRAIN_TIMEOUT_MS: '500' }
const UNDER_WAY = 30

export async function embeddedStack(): Promise<DrillStack> {
  const env: Readonly<Record<string, string>> = { ...(await isolatedEnv()), ...SLOW }
  const { DATA_DIR: dataDir = '', INGRESS_PORT: ingress, ADMIN_PORT: admin } = env
  let running: RunningCli | undefined
  const stop = async () => {
    running?.child.kill('SIGTERM')
    await running?.result
    running = undefined
  }
  const lose = () => rm(dataDir, { recursive: true, force: true })
  return {
    ingressUrls: [`http://127.0.0.1:${ingress}`],
    adminUrls: [`http://127.0.0.1:${admin}`],
    authorization: {},
    flags: [],
    underWay: UNDER_WAY,
    start: async () => {
      running = startCli(['start'], { env })
      await running.untilSaid('The classify service is ready')
    },
    stop,
    lose,
    classify: (args) => startCli(['classify', ...args], { env }),
    command: (args) => startCli(args, { env }),
    query: async <T extends object>(text: string) => {
      const state = await readStackState(dataDir)
      assert.ok(state, 'the stack runs')
      const client = new Client({ connectionString: state.database_url })
      await client.connect()
      try {
        return (await client.query<T>(text)).rows
      } finally {
        await client.end()
      }
    },
    remove: async () => {
      await stop()
      await lose()
    },
  }
}
