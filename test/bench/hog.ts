/** Holds a share of every core, so that a scenario shows what the service does on a machine that is busy with something else. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

const LOOP = fileURLToPath(new URL('hog-loop.cjs', import.meta.url))
/** With a real-time priority the share is held whatever else wants the core. */
const REAL_TIME = ['chrt', '--rr', '1']

export interface Hog {
  /** Ends it, once, and resolves with the share of all cores that was held, 0 to 1. */
  stop(): Promise<number>
}

/** Begins to hold `share`, 0 to 1, of each core. Without the right to a real-time priority the share is held against equals only. */
export function startHog(share: number): Hog {
  const priority = spawnSync('chrt', ['--rr', '1', 'true']).status === 0 ? REAL_TIME : []
  const startedAt = performance.now()
  const loops = cpus().map((_, core) => {
    const [command = '', ...args] = ['taskset', '-c', String(core), ...priority, process.execPath, LOOP, String(share)]
    return spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  })
  async function end(): Promise<number> {
    const elapsedMs = performance.now() - startedAt
    const usedMs = await Promise.all(loops.map(endLoop))
    return usedMs.reduce((sum, ms) => sum + ms, 0) / elapsedMs / loops.length
  }

  let held: Promise<number> | undefined
  return { stop: () => (held ??= end()) }
}

/** Ends one loop, which prints the CPU time that it used in milliseconds. */
async function endLoop(loop: ChildProcess): Promise<number> {
  const parts: Buffer[] = []
  loop.stdout?.on('data', (part: Buffer) => parts.push(part))
  const ended = new Promise((resolve) => loop.once('close', resolve))
  if (loop.exitCode === null) loop.kill('SIGTERM')
  await ended
  return Number(Buffer.concat(parts).toString()) || 0
}
