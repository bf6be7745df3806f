/** The program `npm run drill`: loses all data of a stack of its own, restores it from a backup, and compares what there was and is. */
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/errors.ts'
import { findDockerProblem } from '../compose/docker.ts'
import { clusterStack } from './cluster.ts'
import type { Drill } from './counts.ts'
import { drill } from './drill.ts'
import { embeddedStack } from './embedded.ts'

const EXIT_FOUND = 1
const EXIT_USAGE = 2
const EXIT_NO_DOCKER = 3

const HELP = `npm run drill [-- --cluster] [--rows 1000]

Starts a stack of its own with a data directory, ports and a project name of its own, classifies rows, has further work under
way, stops, takes a backup, removes all data, restores the backup, starts again, and counts before and after.

  --cluster   the Compose cluster, and not the embedded stack
  --rows N    rows that are finished before the backup (default 1000)
  --help      print this text

Exit codes: 0 nothing was lost, 1 something was, 2 bad usage, 3 no Docker Engine with Compose 2.`

process.exitCode = await main()

async function main(): Promise<number> {
  let flags: { readonly cluster?: boolean; readonly rows?: string; readonly help?: boolean }
  try {
    const options = { cluster: { type: 'boolean' }, rows: { type: 'string' }, help: { type: 'boolean' } } as const
    flags = parseArgs({ options }).values
  } catch (error) {
    say(`${messageOf(error)}\n\n${HELP}`)
    return EXIT_USAGE
  }
  const rows = Number(flags.rows ?? 1_000)
  if (flags.help === true) {
    say(HELP)
    return 0
  }
  if (!Number.isInteger(rows) || rows < 1) {
    say('--rows must be a whole number of at least 1')
    return EXIT_USAGE
  }
  if (flags.cluster === true) {
    const problem = await findDockerProblem()
    if (problem !== undefined) {
      say(problem)
      return EXIT_NO_DOCKER
    }
  }
  const stack = await (flags.cluster === true ? clusterStack : embeddedStack)()
  return report(await drill(stack, rows, say))
}

function report({ before, after, finished, faults }: Drill): number {
  const names = Object.keys(before)
  const width = Math.max(...names.map((name) => name.length))
  say(`${''.padEnd(width)}  before   after    end`)
  for (const name of names) {
    const numbers = [before, after, finished].map((counts) => String(counts[name] ?? '').padStart(6))
    say(`${name.padEnd(width)}  ${numbers.join('  ')}`)
  }
  for (const fault of faults) say(`LOST: ${fault}`)
  if (faults.length === 0) say('Nothing was lost, and the work that was under way is done.')
  return faults.length === 0 ? 0 : EXIT_FOUND
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
