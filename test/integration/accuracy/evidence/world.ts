/** The stack of the tests of evidence, which runs as long as the test file that loads them. */
import { after, before } from 'node:test'
import { type AuditWorld, startAuditWorld } from '../../../helpers/evidence/audit-world.ts'

export let world: AuditWorld

before(async () => {
  world = await startAuditWorld()
})

after(() => world?.stop())
