/** Leases the cards of a review, one shape each, to the pages of reviewers. */
import { z } from 'zod'
import { storableText } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { execute, queryRows } from '../query.ts'
import type { CardsToClaim, ReviewCardStore } from './types.ts'

export function createReviewCardStore(pool: DatabasePool): ReviewCardStore {
  return {
    claim: (cards) => claim(pool, cards),
    release: async (codebook, holder, shapeHashes) => {
      const text = `delete from review_cards where codebook_name = $1 and holder = $2 and shape_hash = any($3::text[])`
      await execute(pool, 'release review cards', text, [storableText(codebook), storableText(holder), shapeHashes])
    },
    isStored: async (sitting, decisionId) => {
      const text = 'select from run_batches where run_id = $1 and batch_id = $2'
      return (await execute(pool, 'find a decision', text, [sitting, decisionId])).length > 0
    },
    now: async () => {
      const text = `select date_trunc('milliseconds', clock_timestamp()) as now`
      const [row] = await queryRows(pool, 'read the clock', z.object({ now: z.iso.datetime() }), text)
      return row?.now ?? new Date().toISOString()
    },
  }
}

/**
 * Takes the first cards that are free, and those that the holder has already. A card that another page takes at the same moment is
 * left to it, so that fewer may come back than are free.
 */
async function claim(pool: DatabasePool, { codebook, holder, shapeHashes, most, holdMs }: CardsToClaim) {
  const rows = await queryRows(
    pool,
    'claim review cards',
    z.object({ shape_hash: z.string() }),
    `with wanted as (
       select w.shape_hash from unnest($3::text[]) with ordinality as w (shape_hash, place)
       left join review_cards c on c.codebook_name = $1 and c.shape_hash = w.shape_hash
       where c.holder is null or c.holder = $2 or c.expires_at <= clock_timestamp()
       order by place limit $4
     )
     insert into review_cards as old (codebook_name, shape_hash, holder, expires_at)
     select $1, shape_hash, $2, clock_timestamp() + $5 * interval '1 millisecond' from wanted order by shape_hash
     on conflict (codebook_name, shape_hash) do update set holder = excluded.holder, expires_at = excluded.expires_at
     where old.holder = excluded.holder or old.expires_at <= clock_timestamp()
     returning shape_hash`,
    [storableText(codebook), storableText(holder), shapeHashes, most, holdMs],
  )
  return new Set(rows.map((row) => row.shape_hash))
}
