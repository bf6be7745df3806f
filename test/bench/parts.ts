/** The parts of a benchmark as processes of their own: their start, their first word, and their end. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../src/embedded/ports.ts'
import { isAnswering } from '../../src/embedded/supervisor.ts'
import { waitUntil } from '../helpers/wait.ts'

/** Milliseconds within which a part has to be ready. */
export const READY_TIMEOUT_MS = 60_000
/** Milliseconds after which a part that does not end is killed. */
export const STOP_TIMEOUT_MS = 10_000

/** The variables that every part gets. Others, such as a key of this machine, must not reach the parts. */
export function baseEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' }
}

/**
 * Starts a part with an IPC channel, by whose end it notices the death of this process, even by SIGKILL. What it says goes
 * to `name`.log in `directory`.
 */
export function startPart(
  directory: string,
  name: string,
  entry: URL,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const log = openSync(join(directory, `${name}.log`), 'a')
  return fork(fileURLToPath(entry), {
    env: { ...baseEnvironment(), ...env },
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  })
}

export async function endPart(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  const killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(killTimer)
}

/**
 * Resolves with the next message of a part. Rejects when `signal` aborts, and where the part ends instead or sends nothing in
 * time, with the last line of `logFile` where one is named.
 */
export async function messageOfPart<T>(
  child: ChildProcess,
  name: string,
  { logFile, signal }: { readonly logFile?: string; readonly signal: AbortSignal },
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const fail = (what: string) => {
    const said = logFile === undefined ? undefined : readFileSync(logFile, 'utf8').trim().split('\n').at(-1)
    reject(new Error(`${name} ${what}${said === undefined || said === '' ? '' : `: ${said}`}`))
  }
  const onExit = (code: number | null) => fail(`ended at its start with code ${code}`)
  const timer = setTimeout(() => fail('is not ready in time'), READY_TIMEOUT_MS)
  child.once('message', resolve as (message: unknown) => void)
  const onAbort = () => reject(signal.reason)
  child.once('exit', onExit)
  signal.addEventListener('abort', onAbort, { once: true })
  return await promise.finally(() => {
    clearTimeout(timer)
    child.off('exit', onExit)
    signal.removeEventListener('abort', onAbort)
  })
}

export async function waitUntilHealthy(
  url: string,
  child: ChildProcess,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(
    `${name} is healthy`,
    async () => {
      signal.throwIfAborted()
      if (child.exitCode !== null) throw new Error(`${name} ended at its start with code ${child.exitCode}`)
      return await isAnswering(url)
    },
    { patienceMs: READY_TIMEOUT_MS, pollMs: 50 },
  )
}

/** The seed of the model's latencies, which `main.ts` sets for the run; without it that of the model. */
export const SEED = 'OFFLINE_MODEL_SEED'

/** Starts the offline model with these OFFLINE_MODEL_* variables on a free port; resolves when it answers. */
export async function startModel(
  directory: string,
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = startPart(directory, 'model', new URL('../../src/offline-model/main.ts', import.meta.url), {
    ...(process.env[SEED] === undefined ? {} : { [SEED]: process.env[SEED] }),
    ...variables,
    OFFLINE_MODEL_PORT: String(port),
    LOG_LEVEL: 'error',
  })
  await waitUntilHealthy(`${url}/health`, child, 'the model', signal).catch(async (error: unknown) => {
    await endPart(child, 'SIGKILL')
    throw error
  })
  return { url, child }
}
