/** `all-in-one [FILE]`: the cluster up if it is not, the catalogue through all of its nodes, and what each part did. */
import type { Command } from 'commander'
import { type Config, readConfig } from '../../config/config.ts'
import { printRunReport } from '../classify/classify.ts'
import { classifyFile } from '../classify/classify-file.ts'
import { limitHeapGrowth } from '../classify/heap.ts'
import type { ClassifyOptions } from '../classify/options.ts'
import { wholeNumber } from '../ui/option-values.ts'
import { formatCount, type Interrupts, say, underInterrupts } from '../ui/terminal.ts'
import { sayCluster } from './addresses.ts'
import { findSource } from './catalogue-source.ts'
import { type Compose, findCompose } from './compose.ts'
import { listContainers, REPLICAS } from './containers.ts'
import { TIMEOUT_OPTION } from './five-node.ts'
import { type ReplicaWork, watchReplicas } from './replica-work.ts'
import { bringUp } from './up.ts'

interface AllInOneOptions extends ClassifyOptions {
  readonly rpm: number
  readonly timeout: number
}

const DEFAULT_RPM = 1_000
/** The cluster's nodes are known, and a run that is resumed has its own command. */
const NOT_TAKEN = new Set(['--ingress', '--resume', '--rpm'])

/** Add it after `classify`, whose options it takes. */
export function addAllInOneCommand(program: Command): void {
  const command = program
    .command('all-in-one')
    .description('Start the cluster if it does not run, and classify a catalogue over all of its nodes')
    .argument('[file]', "a catalogue; without it the database's own indicators, else the shipped sample")
    .option(
      '--rpm <n>',
      'requests a minute to the model, of all replicas together',
      wholeNumber(1, 1_000_000),
      DEFAULT_RPM,
    )
    .option(...TIMEOUT_OPTION)
  const classify = program.commands.find((one) => one.name() === 'classify')
  for (const option of classify?.options ?? []) {
    if (!NOT_TAKEN.has(option.long ?? '')) command.addOption(option)
  }
  command.action(async (file: string | undefined, options: AllInOneOptions) => {
    limitHeapGrowth()
    const config = readConfig()
    process.exitCode = await underInterrupts(
      () => say('Stopping: waiting for what is in flight. Press Ctrl+C again to stop at once. The cluster goes on.'),
      (interrupts) => runAllInOne(file, options, config, interrupts),
    )
  })
}

/** Resolves with the exit code. */
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
  await sayCluster(cluster, signal)
  const source = await findSource(file, cluster, config, signal)
  say(`Catalogue: ${source.what}`)
  const watch = await watchReplicas(compose, second)
  const run = { ...options, ingress: cluster.ingressUrls }
  const report = await classifyFile(source.file, run, config, interrupts).catch(async (error: unknown) => {
    await watch.stop()
    throw error
  })
  const replicas = await watch.stop()
  if (report.failed === 0) await source.remove()
  const whole = { ...report, replicas }
  const code = printRunReport(whole, options, interrupts, source.file)
  if (options.json !== true) process.stdout.write(`${formatReplicas(replicas)}\n`)
  return code
}

/** A cluster that was scaled stays as it is. */
async function countReplicas(compose: Compose, config: Config, signal: AbortSignal): Promise<number> {
  const running = (await listContainers(compose, signal)).filter(({ service, state }) => {
    return service === REPLICAS && state === 'running'
  })
  return running.length === 0 ? config.cluster.replicas : running.length
}

export function formatReplicas(replicas: Readonly<Record<string, ReplicaWork>>): string {
  const lines = Object.entries(replicas).map(([name, { batches, chunks, requests }]) => {
    const work = [
      `${formatCount(batches)} batches`,
      `${formatCount(chunks)} chunks`,
      `${formatCount(requests)} requests`,
    ]
    return `  replica        ${name}: ${work.join(', ')}`
  })
  return lines.join('\n')
}
