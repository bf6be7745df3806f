/** A stack whose model is the quirky endpoint, with what tests of its bill need: a directory, a database client, catalogues. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startTestStack, type TestStack } from '../stack/stack.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from './endpoint.ts'

export interface QuirkyWorld {
  readonly endpoint: QuirkyEndpoint
  readonly stack: TestStack
  readonly client: pg.Client
  readonly directory: string
  /** The environment of the command line. */
  readonly env: Readonly<Record<string, string>>
  /** Writes a catalogue of so many records with ids and names of their own, and resolves with its path. */
  catalogue(prefix: string, rows: number): Promise<string>
  stop(): Promise<void>
}

/** Starts the endpoint and a stack of no practical limit for rate, with further `variables`. */
export async function startQuirkyWorld(variables: Readonly<Record<string, string>>): Promise<QuirkyWorld> {
  const endpoint = await startQuirkyEndpoint()
  const stack = await startTestStack({ OPENAI_BASE_URL: endpoint.url, RATE_RPM: '100000', ...variables })
  const directory = await mkdtemp(join(tmpdir(), 'classify-quirky-'))
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  return {
    ...{ endpoint, stack, client, directory },
    env: { ...stack.env, RESTATE_INGRESS_URL: stack.ingressUrl },
    async catalogue(prefix, rows) {
      const path = join(directory, `${prefix}.jsonl`)
      const lines = Array.from({ length: rows }, (_, n) => {
        return JSON.stringify({ indicator_id: `${prefix}.${n}`, name: `Zorbic ${prefix} of plain ${n}` })
      })
      await writeFile(path, lines.join('\n'))
      return path
    },
    async stop() {
      await client.end()
      await stack.stop()
      await endpoint.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
