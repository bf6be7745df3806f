/** The command `status` as a user calls it, against a scripted ingress. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toResultBody } from '../../../../src/classification/result-body.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import { failedInvocation, type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { classification } from '../../../helpers/store/batches.ts'
import { PRODUCTS, RIGHT, SHOP_YAML, shop } from '../../classification/schemes.ts'

async function status(args: readonly string[], script: (body: unknown) => Reply) {
  const bodies: unknown[] = []
  const ingress = await startScriptedIngress((_, body) => {
    bodies.push(body)
    return script(body)
  })
  try {
    const ended = await runCli(['status', ...args, '--ingress', ingress.url])
    return { ...ended, bodies }
  } finally {
    await ingress.close()
  }
}

test('catalogue and codebook go to the service, and a result by any codebook is shown', async () => {
  const result = classification('A', { codebook: 'shop-goods@3', catalogue: 'wb', labels: RIGHT })
  const options = ['A', '--catalogue', 'wb', '--codebook', 'shop-goods@3']
  const stored = { name: 'shop-goods', version: '3', hash: 'h1', text: SHOP_YAML, lists: { 'products.csv': PRODUCTS } }
  const shown = (ofCodebook: Reply) =>
    status(options, (body) => ('name' in (body as object) ? ofCodebook : { body: toResultBody(result, shop) }))
  const { code, stdout, stderr, bodies } = await shown({ body: stored })
  assert.equal(code, 0, stderr)
  assert.deepEqual(bodies, [
    { indicator_id: 'A', catalogue: 'wb', codebook: 'shop-goods' },
    { name: `shop-goods@${result.codebook_hash}` },
  ])
  assert.match(stdout, /\n {2}uses +kitchen\n[\s\S]*\n {2}catalogue wb, codebook shop-goods@3\n/)
  assert.match(stdout, /\n {2}product +12 Knives and forks \(Kitchen goods\)\n/)
  // A service that cannot give the codebook still shows the codes.
  const bare = await shown(failedInvocation(400, 'input-invalid: no such codebook'))
  assert.match(bare.stdout, /\n {2}product +12\n/)
})

test('an id that several catalogues have is refused with all of them and the options that choose one', async () => {
  const places = Array.from({ length: 20 }, (_, index) => `catalogue "some catalogue ${index}" by economic-indicators`)
  const message = `input-invalid: indicator "A" is in several places: ${places.join(', ')}; name the catalogue`
  const { code, stdout, stderr } = await status(['A'], () => failedInvocation(400, message))
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /"some catalogue 19" by economic-indicators; name the catalogue \(--catalogue NAME, --codebook NAME\)/,
  )
})

test('an id that is no indicator is looked up as a run, whatever the catalogue', async () => {
  const { code, bodies } = await status(['r', '--catalogue', 'wb', '--json'], (body) => {
    return 'run_id' in (body as object) ? { body: { run_id: 'r' } } : failedInvocation(404, 'input-not-found: no')
  })
  assert.equal(code, 0)
  assert.deepEqual(bodies, [{ indicator_id: 'r', catalogue: 'wb' }, { run_id: 'r' }])
})

test('an id that a command has made for a run is asked for as a run first, so that no question finds nothing', async () => {
  const id = 'run-20261122211306-9f86d081'
  const run = await status([id, '--json'], () => ({ body: { run_id: id } }))
  assert.equal(run.code, 0, run.stderr)
  assert.deepEqual(run.bodies, [{ run_id: id }])
  const indicator = await status([id, '--json'], (body) => {
    return 'run_id' in (body as object)
      ? failedInvocation(404, 'input-not-found: no')
      : { body: toResultBody(classification(id, {}), shop) }
  })
  assert.equal(indicator.code, 0, indicator.stderr)
  assert.deepEqual(indicator.bodies.slice(0, 2), [{ run_id: id }, { indicator_id: id }])
  // Whoever names a catalogue means an indicator.
  const named = await status([id, '--catalogue', 'wb', '--json'], () => failedInvocation(404, 'input-not-found: no'))
  assert.deepEqual(named.bodies[0], { indicator_id: id, catalogue: 'wb' })
})
