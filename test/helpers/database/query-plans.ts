/** How PostgreSQL runs a statement of the store: the statements that a store sends, and the scans of their plans. */
import assert from 'node:assert/strict'
import type { DatabasePool } from '../../../src/store/pool.ts'

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** A pool that runs each statement on `pool` and adds it to `statements`. */
export function recording(pool: DatabasePool, statements: Statement[]): DatabasePool {
  return Object.create(pool, {
    query: {
      value: (text: string, values: readonly unknown[]) => {
        statements.push({ text, values })
        return pool.query(text, [...values])
      },
    },
  })
}

/** The part of a node of `explain (format json)` that these tests look at. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/**
 * Runs the statement under `explain analyze`; resolves with the nodes of its plan that read a table. A scan of a bitmap has
 * the name of the index that made the bitmap.
 */
export async function scansOf(pool: DatabasePool, { text, values }: Statement): Promise<readonly PlanNode[]> {
  const { rows } = await pool.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
    `explain (analyze, format json) ${text}`,
    [...values],
  )
  const nodesOf = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]
  const root = rows[0]?.['QUERY PLAN'][0]?.Plan
  assert.ok(root, 'explain gives a plan')
  const scans = nodesOf(root).filter((node) => node['Relation Name'] !== undefined)
  return scans.map((scan) => {
    const index = scan['Node Type'] === 'Bitmap Heap Scan' ? scan.Plans?.[0]?.['Index Name'] : undefined
    return index === undefined ? scan : { ...scan, 'Index Name': index }
  })
}

/** The rows that the scans looked at, also those that a filter then removed. */
export function rowsRead(scans: readonly PlanNode[]): number {
  const rowsOf = (scan: PlanNode) => scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)
  return scans.reduce((sum, scan) => sum + rowsOf(scan) * scan['Actual Loops'], 0)
}
