/**
 * The scenario of `--rows`: a catalogue of any number of rows through the command line, with everything killed and started again in
 * its middle, and then what a user does with it: a second run that changes nothing, an export, a status.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchContext, percent, type RunReport, round, type Scenario } from '../scenario.ts'
import { startWorld, type World } from '../world.ts'
import { type Commands, createCommands, perRow, sum } from './commands.ts'
import { catalogueLines, goldLines, shapesOf, writeLines } from './generator.ts'
import { costBetween, gigabytes, queryOnce, savedRows, type Watch, watchRows } from './watch.ts'

/** Rows a minute that are the goal where shapes repeat. */
const GOAL = 300_000
/** A row may cost this many times as much at the end of a run as near its start. */
const MOST_GROWTH = 1.2
const NO_LIMIT = '1000000'
const POLL_MS = 500

type RowsContext = Pick<BenchContext, 'say' | 'signal'>

export function rowsScenario(rows: number): Scenario {
  return {
    id: 'rows',
    isQuick: false,
    run: async (context) => {
      const full = new AbortController()
      const signal = AbortSignal.any([context.signal, full.signal])
      const file = join(context.scratchDir, `rows-${rows}.jsonl`)
      const gold = join(context.scratchDir, 'gold.jsonl')
      context.say(
        `rows: making ${rows.toLocaleString('en-US')} rows of at most ${shapesOf(rows).toLocaleString('en-US')} shapes`,
      )
      await writeLines(file, catalogueLines(rows), signal)
      await writeLines(gold, await goldLines(rows), signal)
      const world = await startWorld({
        rate: { RATE_RPM: NO_LIMIT },
        model: { OFFLINE_MODEL_LATENCY_MS: '0', OFFLINE_MODEL_ANSWERS: `gold:${gold}` },
        signal,
      })
      const commands = createCommands(world, signal)
      const watch = watchRows({
        world,
        commandCpuMs: commands.cpuMs,
        directories: [context.scratchDir],
        onFull: (message) => full.abort(new Error(message)),
        progress: { rows, say: context.say },
      })
      try {
        return await measureRows({ ...context, signal }, { rows, file, world, commands, watch })
      } finally {
        await watch.stop()
        await world.stop()
      }
    },
  }
}

interface Parts {
  readonly rows: number
  readonly file: string
  readonly world: World
  readonly commands: Commands
  readonly watch: Watch
}

async function measureRows({ say, signal }: RowsContext, { rows, file, world, commands, watch }: Parts) {
  const classify = ['classify', file, '--json']
  const halfway = async () => {
    while (((await savedRows(world.databaseUrl)) ?? 0) < rows / 2) await sleep(10 * POLL_MS, undefined, { signal })
  }
  const first = await commands.runUntil(classify, halfway)
  const runId = (await queryOnce<{ run_id: string }>(world.databaseUrl, 'select run_id from runs'))[0]?.run_id ?? ''
  const before = (await savedRows(world.databaseUrl)) ?? 0
  say(`rows: ${before.toLocaleString('en-US')} in ${first.seconds} s; everything is killed`)

  const crashedAt = performance.now()
  const startAgain = await world.crash()
  await startAgain()
  const readyAt = performance.now()
  const moreSaved = untilMore(world.databaseUrl, before, signal)
  const rest = await commands.run(['classify', '--resume', runId, '--json'])
  const restart = { ready: readyAt - crashedAt, results: (await moreSaved) - readyAt }
  const report = JSON.parse(rest.stdout) as RunReport
  const seconds = first.seconds + rest.seconds
  const perMinute = round((rows / seconds) * 60)
  const samples = [...watch.samples]
  const cpu = sum(first.cpu, rest.cpu)
  say(`rows: all in ${round(seconds)} s without the restart, ${perMinute.toLocaleString('en-US')} a minute`)
  say(`rows: CPU ms a row ${JSON.stringify(perRow(cpu, rows))}`)
  say(`rows: the restart took ${JSON.stringify(restart)} ms; ${JSON.stringify(report.by_source)}`)

  const sizes = await readSizes(world.databaseUrl, rows)
  say(`rows: ${JSON.stringify(sizes)}, peaks ${JSON.stringify({ ...watch.peaks, command: commands.peakMiB })}`)
  let exportedBytes = 0
  // It is not stored, because it would be a quarter of what the files may take.
  const exporting = await commands.run(['export', '--format', 'jsonl'], (bytes) => {
    exportedBytes += bytes
  })
  say(`rows: exported ${gigabytes(exportedBytes)} in ${exporting.seconds} s`)
  const statusOfRow = await commands.run(['status', `T${String(rows - 1).padStart(8, '0')}`, '--json'])
  const statusOfRun = await commands.run(['status', runId, '--json'])

  const again = await commands.run(classify)
  const { unchanged } = JSON.parse(again.stdout) as { readonly unchanged: number }
  say(`rows: a second run in ${again.seconds} s, CPU ms a row ${JSON.stringify(perRow(again.cpu, rows))}`)

  const early = costBetween(samples, rows, 0.1, 0.3)
  const late = costBetween(samples, rows, 0.8, 1)
  const all = cpu.command + cpu.replicas + cpu.restate + cpu.guard + cpu.postgres
  const growth = early === null || late === null ? null : round(late / early, 2)
  return {
    id: 'rows',
    what:
      `${rows.toLocaleString('en-US')} rows (${gigabytes((await stat(file)).size)}) of ${shapesOf(rows).toLocaleString('en-US')} shapes through the command line, ` +
      'one replica, offline model without limit and always right; everything is killed in the middle',
    figures: {
      rows_a_minute: perMinute,
      seconds: round(seconds),
      cpu_ms_a_row: { ...perRow(cpu, rows), all_but_the_model: round(all / rows, 3) },
      cpu_ms_a_row_from_10_to_30_percent: early,
      cpu_ms_a_row_from_80_to_100_percent: late,
      cores_used: round((all + cpu.model) / 1_000 / seconds, 2),
      by_source: report.by_source,
      model_requests: report.model_requests,
      audited: report.audited,
      failed: report.failed,
      lost: rows - sizes.results,
      database_bytes_a_row: sizes.bytesOfRow,
      bytes_a_row_by_table: sizes.byTable,
      peak_memory_mib: { command: round(commands.peakMiB), ...watch.peaks.memoryMiB },
      peak_disk_gb: {
        restate: round(watch.peaks.restateBytes / 1e9, 2),
        postgres: round(watch.peaks.postgresBytes / 1e9, 2),
      },
      restart_ready_s: round(restart.ready / 1_000, 1),
      restart_until_next_results_s: round(restart.results / 1_000, 1),
      second_run_s: again.seconds,
      second_run_unchanged: unchanged,
      second_run_cpu_ms_a_row: perRow(again.cpu, rows),
      export_s: exporting.seconds,
      export_gb: round(exportedBytes / 1e9, 2),
      status_of_row_s: statusOfRow.seconds,
      status_of_run_s: statusOfRun.seconds,
    },
    target: `${GOAL.toLocaleString('en-US')} rows a minute; a row costs at most ${MOST_GROWTH} times as much at the end; nothing lost, nothing changed by the second run`,
    met:
      perMinute >= GOAL &&
      (growth === null || growth <= MOST_GROWTH) &&
      sizes.results === rows &&
      unchanged === rows &&
      report.failed === 0,
    bound_by: `CPU: ${percent(Math.max(0, all + cpu.model) / 1_000 / seconds / 2)} of two cores`,
  }
}

/** Resolves with the moment when more rows than `before` were saved. */
async function untilMore(databaseUrl: string, before: number, signal: AbortSignal): Promise<number> {
  while (((await savedRows(databaseUrl)) ?? 0) <= before) await sleep(POLL_MS, undefined, { signal })
  return performance.now()
}

async function readSizes(databaseUrl: string, rows: number) {
  const [all] = await queryOnce<{ bytes: string; results: string }>(
    databaseUrl,
    'select pg_database_size(current_database()) as bytes, (select count(*) from results) as results',
  )
  const tables = await queryOnce<{ name: string; bytes: string }>(
    databaseUrl,
    `select relname as name, pg_total_relation_size(oid) as bytes from pg_class
     where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 2 desc limit 6`,
  )
  const byTable = Object.fromEntries(tables.map(({ name, bytes }) => [name, round(Number(bytes) / rows)]))
  return { bytesOfRow: round(Number(all?.bytes ?? 0) / rows), results: Number(all?.results ?? 0), byTable }
}
