/** Asks a question with the answers yes and no on a terminal. */
import { createInterface } from 'node:readline/promises'

/** Resolves with whether a person answered with yes. An abort of `signal` rejects with its reason. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    terminal.close()
  }
}
