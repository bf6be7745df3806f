/** Runs the contracts of the store and of claims on a real PostgreSQL, directly and through PgBouncer. */
import { after } from 'node:test'
import { createPool } from '../../../src/store/pool.ts'
import { createStore } from '../../../src/store/store.ts'
import {
  type PgBouncer,
  pgBouncerSkip,
  sharedPostgres,
  silent,
  startPgBouncer,
} from '../../helpers/database/postgres.ts'
import { auditsContract } from './audits.contract.ts'
import { cataloguesContract } from './catalogues.contract.ts'
import { claimsContract } from './claims.contract.ts'
import { evidenceContract } from './evidence.contract.ts'
import { historyContract } from './history.contract.ts'
import { purgesContract } from './purges.contract.ts'
import { requestsContract } from './requests.contract.ts'
import { reviewsContract } from './reviews.contract.ts'
import { runsContract } from './runs.contract.ts'
import { type StoreUnderTest, storeContract } from './store.contract.ts'

const postgres = sharedPostgres()

const direct = async (): Promise<StoreUnderTest> => {
  const database = await postgres.fresh()
  return {
    store: createStore(database.pool),
    rows: async (statement) => (await database.pool.query<Record<string, unknown>>(statement)).rows,
    close: database.drop,
  }
}
storeContract('PostgreSQL', direct)
runsContract('PostgreSQL', direct)
reviewsContract('PostgreSQL', direct)
cataloguesContract('PostgreSQL', direct)
auditsContract('PostgreSQL', direct)
claimsContract('PostgreSQL', direct)
evidenceContract('PostgreSQL', direct)
requestsContract('PostgreSQL', direct)
purgesContract('PostgreSQL', direct)
historyContract('PostgreSQL', direct)

const skip = await pgBouncerSkip()
let bouncer: PgBouncer | undefined
after(() => bouncer?.stop())

const bounced = async (): Promise<StoreUnderTest> => {
  const database = await postgres.fresh()
  bouncer ??= await startPgBouncer(await postgres.server())
  const pool = createPool({ connectionString: bouncer.urlFor(database.url), max: 20, log: silent })
  return {
    store: createStore(pool),
    rows: async (statement) => (await database.pool.query<Record<string, unknown>>(statement)).rows,
    close: async () => {
      await pool.end()
      await database.drop()
    },
  }
}
storeContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
runsContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
reviewsContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
cataloguesContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
auditsContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
claimsContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
evidenceContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
requestsContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
purgesContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
historyContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip })
