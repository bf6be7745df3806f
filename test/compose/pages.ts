/** What pages of other origins can do to the cluster, in a real browser: nothing. Where no chromium is here, the test says so. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Attacker, startAttacker } from '../browser/attacker.ts'
import { assertNothingPassed } from '../browser/attacks.ts'
import { ATTACKER_HOST, type Chromium, REBOUND_HOST, startChromium } from '../browser/chromium.ts'
import { adminTargets, at, ingressTargets, modelTargets, nginxTargets, type Target } from '../browser/targets.ts'
import { assertUntouched, endInvocation, scheduleBatch, stateOf, type Victim } from '../browser/victim.ts'
import { skipWithout } from '../helpers/programs.ts'
import type { Cluster } from './cluster.ts'

const skip = await skipWithout('chromium', 'chromium')

/** Attacks the ports of two nodes, of NGINX and of the offline model. The other nodes are behind the same guard. */
export function pageTests(getCluster: () => Cluster): void {
  describe('a page of another origin', { skip }, () => {
    let attacker: Attacker
    let browser: Chromium
    let victim: Victim
    let scheduled: string
    let ports: readonly (readonly Target[])[]
    let nginx: readonly Target[]
    let model: readonly Target[]

    before(async () => {
      attacker = await startAttacker()
      browser = await startChromium(attacker.port)
      const { ingressUrls, adminUrls, modelUrl, nginxUrl } = getCluster()
      const urlOf = (urls: readonly string[], index: number) => urls[index] ?? ''
      victim = { ingressUrl: urlOf(ingressUrls, 0), adminUrl: urlOf(adminUrls, 0), modelUrl }
      scheduled = await scheduleBatch(victim)
      const [deployment = ''] = (await stateOf(victim)).deployments
      ports = [0, 3].flatMap((node) => [
        ingressTargets(urlOf(ingressUrls, node)),
        adminTargets(urlOf(adminUrls, node), scheduled, deployment),
      ])
      nginx = nginxTargets(nginxUrl)
      model = modelTargets(`${modelUrl}/v1`)
    })

    after(async () => {
      await browser?.close()
      await attacker?.close()
      if (scheduled !== undefined) await endInvocation(victim, scheduled)
    })

    test('moves nothing and reads nothing', async () => {
      const before = await stateOf(victim)
      const origin = `http://${ATTACKER_HOST}:${attacker.port}`
      assertNothingPassed(await browser.attackFrom(origin, ports.flat()), ports.flat())
      assertNothingPassed(await browser.attackFrom(origin, model), model)
      // NGINX knows no callers. It passes nothing but health on, which no page of another origin can read.
      assertNothingPassed(await browser.attackFrom(origin, nginx), nginx, { statuses: [404] })
      const health: Target = { what: 'health', url: `${getCluster().nginxUrl}/health`, method: 'GET' }
      const { read } = await browser.attackFrom(origin, [health])
      assert.deepEqual(read, [])
      assertUntouched(before, await stateOf(victim))
    })

    test('gets refusals alone by DNS rebinding', async () => {
      const before = await stateOf(victim)
      for (const targets of [...ports, model, nginx]) {
        const rebound = at(`http://${REBOUND_HOST}:${new URL(targets[0]?.url ?? '').port}`, targets)
        assertNothingPassed(await browser.attackRebound(new URL(rebound[0]?.url ?? '').origin, rebound), rebound, {
          readable: '"foreign-host"',
        })
      }
      assertUntouched(before, await stateOf(victim))
    })
  })
}
