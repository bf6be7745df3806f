/** Reads what the cluster holds at the end of a check: the rows of all runs, the latest results, and what an export shows. */
import type { Cluster } from '../compose/cluster.ts'
import { runCli } from '../helpers/cli/cli.ts'
import type { DrivenRun, GivenAnswer, History, SavedRow } from './history.ts'

interface DatabaseRow {
  readonly run_id: string
  readonly catalogue: string
  readonly indicator_id: string
  readonly name: string
  readonly reason: string
  readonly prompt_version: string
  readonly labels: Readonly<Record<string, unknown>>
}

const COLUMNS = 'run_id, catalogue, indicator_id, name, reason, prompt_version, labels'

/** Joins what the drivers and the model know with what the database and the command `export` say. */
export async function collectHistory(
  cluster: Cluster,
  runs: readonly DrivenRun[],
  answers: readonly GivenAnswer[],
): Promise<History> {
  const ids = runs.map(({ runId }) => runId)
  const saved = await cluster.query<DatabaseRow>(`select ${COLUMNS} from run_results where run_id = any($1)`, [ids])
  const current = await cluster.query<DatabaseRow>(`select ${COLUMNS} from results`)
  const totals = await cluster.query<{ run_id: string; indicators: number }>(
    'select run_id, sum(indicators)::int as indicators from run_batches group by run_id',
  )
  return {
    runs: runs.filter(({ runId }) => runId !== ''),
    answers,
    saved: saved.map(readRow),
    current: current.map(readRow),
    exported: await readExport(cluster),
    totals: new Map(totals.map(({ run_id, indicators }) => [run_id, indicators])),
  }
}

async function readExport(cluster: Cluster): Promise<SavedRow[]> {
  const { code, stdout, stderr } = await runCli(['export', '--format', 'jsonl'], {
    env: { DATABASE_URL: cluster.databaseUrl },
  })
  if (code !== 0) throw new Error(`export ended with ${code}:\n${stderr}`)
  const lines = stdout.split('\n').filter((line) => line !== '')
  // The labels of an export stand flat beside the rest, and are those of the latest result, which is compared as a whole.
  return lines.map((line) => readRow({ labels: {}, ...(JSON.parse(line) as Omit<DatabaseRow, 'labels'>) }))
}

function readRow(row: DatabaseRow): SavedRow {
  const { run_id: runId, catalogue, indicator_id: id, name, reason, prompt_version: promptVersion, labels } = row
  return { runId, catalogue, id, name, reason, promptVersion, labels }
}
