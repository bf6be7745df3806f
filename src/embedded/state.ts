/** The file in which a running stack tells other commands on the same machine its pid and the address of its database. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../lib/json/json.ts'

const stateSchema = z.object({
  pid: z.number().int(),
  database_url: z.string(),
})

export type StackState = z.infer<typeof stateSchema>

export function stateFileOf(dataDir: string): string {
  return join(resolve(dataDir), 'embedded.json')
}

/** The state of the stack that runs on `dataDir`, or undefined where none does. */
export async function readStackState(dataDir: string): Promise<StackState | undefined> {
  const text = await readFile(stateFileOf(dataDir), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const state = stateSchema.parse(parseJson(text))
    process.kill(state.pid, 0)
    return state
  } catch {
    // The file is half written, or the stack that wrote it was killed.
    return undefined
  }
}
