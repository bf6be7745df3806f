/** Audits of a rule that is wrong all through a file: they remove it early, and cost little beside what they spare. */
import { after, before, test } from 'node:test'
import { checkAdversarial } from '../../helpers/evidence/adversarial.ts'
import { type AuditWorld, startAuditWorld } from '../../helpers/evidence/audit-world.ts'

let world: AuditWorld

before(async () => {
  world = await startAuditWorld()
})

after(() => world?.stop())

test('5,000 rows: a rule that decides 1,500 and is wrong in 450, spread evenly, is removed', (t) =>
  checkAdversarial(t, world, 5_000, 'spread evenly'))
