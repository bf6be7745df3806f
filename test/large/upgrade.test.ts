/** The upgrade of a large database of release d053d5d: nothing is lost. */
import { test } from 'node:test'
import { sharedPostgres } from '../helpers/database/postgres.ts'
import { createReleasedDatabase } from '../helpers/database/released-database.ts'
import { assertAllIsKept } from '../helpers/database/upgrade-copies.ts'

const ROWS = 100_000
const postgres = sharedPostgres()

test(`keeps all of ${ROWS} results, their history, inputs, answers and decisions`, async () => {
  const { pool, drop } = await postgres.fresh({ empty: true })
  try {
    await createReleasedDatabase(pool, ROWS)
    await assertAllIsKept(pool, ROWS)
  } finally {
    await drop()
  }
})
