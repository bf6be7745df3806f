/** Asks a question with the answers yes and no on a terminal, and refuses where nobody can be asked. */
import { createInterface } from 'node:readline/promises'
import { ServiceError } from '../../errors.ts'

/** The option of every command that asks before it removes or changes what cannot be brought back. */
export const YES_OPTION = [
  '-y, --yes',
  'do not ask for confirmation; needed where standard input is not a terminal',
] as const

/** Throws ServiceError input-invalid where a question would be asked and no person reads it, so that nothing is removed unasked. */
export function requireYesOrTerminal({ yes = false }: { readonly yes?: boolean }, way = 'give --yes'): void {
  if (yes || process.stdin.isTTY) return
  throw new ServiceError('input-invalid', `Standard input is not a terminal, so that nobody can be asked: ${way}`)
}

/** Resolves with whether --yes was given or a person answered with yes. Rejects where neither can be. */
export async function isAgreed(
  question: string,
  options: { readonly yes?: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  requireYesOrTerminal(options)
  return options.yes === true || (await confirm(question, signal))
}

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
