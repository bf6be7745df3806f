/** The program `npm run test:compose`: runs the tests that need a Docker Engine, and prints what they measured. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './cluster.ts'
import { findDockerProblem } from './docker.ts'
import { formatFigures, readFigures } from './figures.ts'
import { findLeftovers, removeProject } from './project.ts'

const EXIT_USAGE = 2
const EXIT_NO_DOCKER = 3
const EXIT_INTERRUPTED = 130

const HELP = `npm run test:compose [-- --full] [-- --keep]

Starts docker-compose.cluster.yml under a project name and ports of its own, tests it, and removes everything.

  (nothing)  the smoke test: 1,000 indicators while a node, a replica, the database and the guard are killed; 5 to 6 minutes
  --full     each fault and each silence alone, scaling, metrics, security, memory, stop and start of everything; 20 minutes
  --keep     leave the cluster of the last part running, and print the command that removes it
  --help     print this text

Exit codes: 0 passed, 1 failed, 2 bad usage, 3 no Docker Engine with Compose 2, 130 interrupted.`

process.exitCode = await main()

async function main(): Promise<number> {
  let values: { full?: boolean; keep?: boolean; help?: boolean }
  try {
    const options = { full: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } } as const
    values = parseArgs({ options }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return EXIT_USAGE
  }
  if (values.help === true) {
    console.log(HELP)
    return 0
  }
  const problem = await findDockerProblem()
  if (problem !== undefined) {
    console.error(`The Compose tests were NOT run. ${problem}`)
    return EXIT_NO_DOCKER
  }

  const isFull = values.full === true
  const dir = await mkdtemp(join(tmpdir(), 'classify-figures-'))
  const figures = join(dir, 'figures.jsonl')
  let code = 0
  try {
    for (const part of isFull ? ['smoke', 'outside', 'full'] : ['smoke']) {
      // The parts run one after the other, because each one brings up a cluster, and the first failure ends them.
      if (code === 0) code = await runPart(part, figures, values.keep === true && (!isFull || part === 'full'))
    }
    const rows = readFigures(figures)
    if (rows.length > 0) console.log(`\nMeasured on this machine, now:\n\n${formatFigures(rows)}`)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  return code
}

async function runPart(part: string, figures: string, isKept: boolean): Promise<number> {
  const project = `classify-${part}-${process.pid}`
  console.log(`Compose ${part}: project ${project}`)
  const timeoutMs = part === 'smoke' ? 900_000 : 3_000_000
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=spec', `--test-timeout=${timeoutMs}`, `test/compose/${part}.compose.ts`],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        COMPOSE_TEST_PROJECT: project,
        COMPOSE_TEST_FIGURES: figures,
        ...(isKept ? { COMPOSE_TEST_KEEP: '1' } : {}),
      },
    },
  )
  let isInterrupted = false
  const interrupt = (signal: NodeJS.Signals) => {
    isInterrupted = true
    child.kill(signal)
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (exitCode) => resolve(exitCode ?? 1))
  })
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  if (isKept && !isInterrupted) {
    console.log(`The cluster is left running: docker compose -p ${project} down -v removes it`)
    return code
  }
  // The tests remove their project themselves, unless they were interrupted.
  await removeProject(project)
  const left = await findLeftovers(project)
  if (left.length > 0) console.error(`Left behind:\n${left.join('\n')}`)
  if (isInterrupted) return EXIT_INTERRUPTED
  return code !== 0 || left.length > 0 ? 1 : 0
}
