/** Databases and statements of earlier releases, for the tests of upgrades and of rolling updates. */
import { readFile } from 'node:fs/promises'
import type { DatabasePool } from '../../../src/store/pool.ts'
import type { Statement } from './query-plans.ts'

const FIXTURES = new URL('../../fixtures/database/', import.meta.url)

/** Gives an empty database the schema of release d053d5d, and rows of it: `rows` results, their inputs, history and more. */
export async function createReleasedDatabase(pool: DatabasePool, rows: number): Promise<void> {
  const [schema, content] = await Promise.all(
    ['d053d5d.sql', 'd053d5d-rows.sql'].map((name) => readFile(new URL(name, FIXTURES), 'utf8')),
  )
  await pool.query(`${schema}; set local fixture.rows = ${rows}; ${content}`)
}

/** What the store of an earlier release sent: the statements of each of its methods, recorded from its own code. */
export type ReleasedStatements = Readonly<
  Record<
    'openRun' | 'findAnswers' | 'claimShapes' | 'saveBatch' | 'overridingBatch' | 'saveReview',
    readonly Statement[]
  >
>

/** The releases whose statements are recorded: the one whose database is a fixture, and one with migrations 006 and 007. */
export const RELEASES = ['d053d5d', '850d646'] as const

export async function readStatements(release: (typeof RELEASES)[number]): Promise<ReleasedStatements> {
  return JSON.parse(await readFile(new URL(`${release}-statements.json`, FIXTURES), 'utf8'))
}

/** Sends statements in turn; resolves with the rows of the last one. */
export async function send(pool: DatabasePool, statements: readonly Statement[]): Promise<readonly object[]> {
  let rows: readonly object[] = []
  for (const { text, values } of statements) rows = (await pool.query<object[]>(text, [...values])).rows
  return rows
}
