/** The command `all-in-one [FILE]`: starts the cluster, classifies a catalogue, and reports the work of each replica. */

import type { Command } from 'commander'
import { pluralise } from '../../catalogue/problem-report.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { printRunReport } from '../classify/classify.ts'
import { classifyFile } from '../classify/classify-file.ts'
import { collectAtStart } from '../classify/heap.ts'
import type { ClassifyOptions } from '../classify/options.ts'
import { assignTables } from '../sources/source-flags.ts'
import { wholeNumber } from '../ui/option-values.ts'
import { type Interrupts, printText, say, underInterrupts } from '../ui/terminal.ts'
import { sayAddresses } from './addresses.ts'
import { removeUnreadCopy } from './catalogue-copy.ts'
import { findCatalogue } from './catalogue-source.ts'
import { type Compose, findCompose } from './compose.ts'
import { listContainers, REPLICA_SERVICE } from './containers.ts'
import { createTimeoutOption } from './five-node.ts'
import { type ReplicaWork, watchReplicas } from './replica-work.ts'
import { bringUp } from './up.ts'

interface AllInOneOptions extends ClassifyOptions {
  readonly rpm: number
  readonly timeout: number
}

const DEFAULT_RPM = 1_000
/**
 * The options of `classify` that `all-in-one` leaves out. The URLs of the nodes are known here, only `classify` resumes,
 * detaches or estimates a run, and --rpm is defined again with a default.
 */
const OMITTED_OPTIONS = new Set(['--detach', '--estimate', '--ingress', '--resume', '--rpm'])

/**
 * Adds the command. Call this function after `addClassifyCommand`, because it copies the options of `classify` from the
 * program.
 */
export function addAllInOneCommand(program: Command): void {
  const command = program
    .command('all-in-one')
    .description('Start the cluster if it is not running, and classify a catalogue through all of its nodes')
    .argument(
      '[file]',
      'catalogue (default: the indicators in the database, or the sample catalogue if there are none)',
    )
    .option(
      '--rpm <n>',
      'requests a minute to the model, for all replicas together',
      wholeNumber(1, 1_000_000),
      DEFAULT_RPM,
    )
    .addOption(createTimeoutOption())
  const classify = program.commands.find((command) => command.name() === 'classify')
  for (const option of classify?.options ?? []) {
    if (!OMITTED_OPTIONS.has(option.long ?? '')) command.addOption(option)
  }
  assignTables(command)
  command.action(async (file: string | undefined, options: AllInOneOptions) => {
    collectAtStart()
    const config = readConfig()
    process.exitCode = await underInterrupts(
      () =>
        say(
          'Stopping: waiting for the batches in flight. Press Ctrl+C again to stop at once. The cluster keeps running.',
        ),
      (interrupts) => runAllInOne(file, options, config, interrupts),
    )
  })
}

/** Runs the command and resolves with the exit code of the process. */
async function runAllInOne(
  file: string | undefined,
  options: AllInOneOptions,
  config: Config,
  interrupts: Interrupts,
): Promise<number> {
  const { first: signal, second } = interrupts
  const compose = await findCompose(config, signal)
  const cluster = await bringUp({
    config,
    compose,
    signal,
    timeoutMs: options.timeout,
    replicas: await countReplicas(compose, config, signal),
  })
  await sayAddresses(cluster, { compose, config, signal })
  const catalogue = await findCatalogue(
    { file: file ?? options.from, name: options.catalogue },
    { compose, cluster, config, signal },
  )
  say(`Catalogue: ${catalogue.description}`)
  const named = catalogue.name === undefined ? {} : { catalogue: catalogue.name }
  const run = { ...options, ...named, ingress: cluster.ingressUrls, command: 'all-in-one' }
  const work = async () => {
    const watch = await watchReplicas(compose, second)
    const given = file === undefined && options.from !== undefined ? undefined : catalogue.file
    const report = await classifyFile(given, run, config, interrupts).catch(async (error: unknown) => {
      await watch.stop()
      throw error
    })
    return { ...report, replicas: await watch.stop() }
  }
  // A file that was made for the run has to go also where the run never began.
  const whole = await work().finally(() => removeUnreadCopy(config.dataDir, catalogue.file))
  const code = printRunReport(whole, options, interrupts, catalogue.file)
  if (options.json !== true) printText(formatReplicas(whole.replicas))
  return code
}

/**
 * Counts the running replicas, so that a cluster with a changed number of replicas keeps it; returns the configured
 * number where none runs.
 */
async function countReplicas(compose: Compose, config: Config, signal: AbortSignal): Promise<number> {
  const running = (await listContainers(compose, signal)).filter(({ service, state }) => {
    return service === REPLICA_SERVICE && state === 'running'
  })
  return running.length === 0 ? config.cluster.replicas : running.length
}

export function formatReplicas(replicas: Readonly<Record<string, ReplicaWork>>): string {
  const lines = Object.entries(replicas).map(([name, { batches, chunks, requests }]) => {
    const work = [pluralise(batches, 'batch', 'batches'), pluralise(chunks, 'chunk'), pluralise(requests, 'request')]
    return `  replica        ${name}: ${work.join(', ')}`
  })
  return joinLines(lines)
}
