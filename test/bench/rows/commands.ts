/** Runs the commands of a large run one after the other, and measures each with the parts of the stack that work for it. */
import { startCli } from '../../helpers/cli/cli.ts'
import { watchProcess } from '../measure.ts'
import { byPart, difference, round } from '../scenario.ts'
import type { CpuByPart, World } from '../world.ts'

/** One command on its way. */
export interface Command {
  readonly seconds: number
  readonly stdout: string
  /** CPU milliseconds of the command, and of each part while it ran. */
  readonly cpu: CpuByPart & { readonly command: number }
}

/** The commands of a run, one after the other, each measured. */
export interface Commands {
  /** Runs a command to its end. Rejects where it ends with another code than 0. With `onOutput` its output is not kept. */
  run(args: readonly string[], onOutput?: (bytes: number) => void): Promise<Command>
  /** Runs a command, and kills it with SIGKILL once `untilEnough` resolves. */
  runUntil(args: readonly string[], untilEnough: () => Promise<void>): Promise<Command>
  /** CPU milliseconds of all commands so far. */
  cpuMs(): number
  readonly peakMiB: number
}

export function createCommands(world: World, signal: AbortSignal): Commands {
  let endedCpuMs = 0
  let current: (() => number) | undefined
  let peakMiB = 0
  const start = async (
    args: readonly string[],
    { untilEnough, onOutput }: { untilEnough?: () => Promise<void>; onOutput?: ((bytes: number) => void) | undefined },
  ): Promise<Command> => {
    signal.throwIfAborted()
    const before = world.cpu()
    const startedAt = performance.now()
    const cli = startCli(args, { env: world.env, ...(onOutput === undefined ? {} : { onOutput }) })
    const kill = () => cli.child.kill('SIGKILL')
    signal.addEventListener('abort', kill, { once: true })
    const watched = watchProcess(cli.child.pid ?? -1)
    current = watched.cpuMs
    const enough = untilEnough?.().finally(kill)
    enough?.catch(() => undefined)
    const { code, stdout, stderr } = await cli.result
    const seconds = round((performance.now() - startedAt) / 1_000, 2)
    signal.removeEventListener('abort', kill)
    const { cpuMs, peakRssMiB } = watched.stop()
    current = undefined
    endedCpuMs += cpuMs
    peakMiB = Math.max(peakMiB, peakRssMiB)
    signal.throwIfAborted()
    if (untilEnough === undefined && code !== 0)
      throw new Error(`${args[0]} ended with code ${code}: ${stderr.slice(-500)}`)
    if (untilEnough !== undefined && code !== null)
      throw new Error(`${args[0]} ended before it was killed: ${stderr.slice(-500)}`)
    return { seconds, stdout, cpu: { ...difference(world.cpu(), before), command: cpuMs } }
  }
  return {
    run: (args, onOutput) => start(args, { onOutput }),
    runUntil: (args, untilEnough) => start(args, { untilEnough }),
    cpuMs: () => endedCpuMs + (current?.() ?? 0),
    get peakMiB() {
      return peakMiB
    },
  }
}

/** The CPU time of two commands together. */
export function sum(a: Command['cpu'], b: Command['cpu']): Command['cpu'] {
  return { ...byPart((part) => a[part] + b[part]), command: a.command + b.command }
}

/** CPU milliseconds a row of each part. */
export function perRow({ command, replicas, restate, guard, postgres, model }: Command['cpu'], rows: number) {
  const of = (ms: number) => round(ms / rows, 3)
  return {
    command: of(command),
    replica: of(replicas),
    restate_server: of(restate),
    postgres: of(postgres),
    guard: of(guard),
    model: of(model),
  }
}
