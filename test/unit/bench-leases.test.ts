/** The simulation of leases that the benchmark prints. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { leasesScenario } from '../bench/lease-simulation.ts'
import type { BenchContext } from '../bench/scenario.ts'

it('simulates one, two and five replicas and as many as asked for, whose leases never pass the budget', async () => {
  // The simulation looks at nothing of the machine.
  const { table = [], met } = await leasesScenario(7).run({} as BenchContext)
  assert.deepEqual(
    table.map(({ replicas }) => replicas),
    [1, 2, 5, 7],
  )
  assert.ok(met)
  for (const line of table) {
    assert.equal(line['renewals_a_second'], Number(line['replicas']) / 2)
    assert.ok(Number(line['used_again_after_a_tenth_died_ms']) < 5_000)
  }
})
