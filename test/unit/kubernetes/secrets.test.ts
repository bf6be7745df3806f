/** The command that prints the Secrets of the chart: what the chart mounts, with tokens that the guard takes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { makeSecrets } from '../../../src/cli/kubernetes/secrets.ts'
import { publicKeyOf } from '../../../src/embedded/identity.ts'
import { parseTokens } from '../../../src/http/tokens.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { CHART } from '../../helpers/kubernetes/chart.ts'

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly stringData: Readonly<Record<string, string>>
}
const make = (
  options: Parameters<typeof makeSecrets>[0],
  given = { password: undefined, modelKey: undefined } as Given,
) => makeSecrets(options, given) as Secret[]
type Given = Parameters<typeof makeSecrets>[1]
const find = (secrets: readonly Secret[], name: string) => {
  const found = secrets.find(({ metadata }) => metadata.name === name)
  assert.ok(found, name)
  return found.stringData
}

test('the names are those of values.yaml, and each is made anew', () => {
  const secrets = make({ namespace: 'apps' }, { password: undefined, modelKey: 'sk-x' })
  const { secrets: named } = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as {
    secrets: Record<string, unknown>
  }
  const meant = ['database', 'tokens', 'caller', 'operator', 'identity', 'model'].map((one) => named[one])
  assert.deepEqual(secrets.map(({ metadata }) => metadata.name).toSorted(), meant.toSorted())
  assert.ok(secrets.every(({ metadata }) => metadata.namespace === 'apps'))
  const again = make({ namespace: 'apps' }, { password: undefined, modelKey: 'sk-x' })
  for (const name of ['classify-database', 'classify-caller', 'classify-operator', 'classify-identity'])
    assert.notDeepEqual(find(again, name), find(secrets, name))
})

test('the guard takes the tokens, with the rights that they are for', () => {
  const secrets = make({ namespace: 'apps' })
  const tokens = parseTokens(find(secrets, 'classify-tokens')['API_TOKENS'] ?? '', 'API_TOKENS')
  const rightsOf = (name: string) => [...(tokens.get(sha256(find(secrets, name)['API_TOKEN'] ?? ''))?.rights ?? [])]
  assert.deepEqual(rightsOf('classify-caller').toSorted(), ['read', 'submit'])
  assert.deepEqual(rightsOf('classify-operator').toSorted(), ['operate', 'read', 'review', 'submit'])
})

test('the public key belongs to the private one, and both namespaces of the operator get the same pair', () => {
  const secrets = make({ namespace: 'apps', restateNamespace: 'restate' })
  const pairs = secrets.filter(({ metadata }) => metadata.name === 'classify-identity')
  assert.deepEqual(
    pairs.map(({ metadata }) => metadata.namespace),
    ['apps', 'restate'],
  )
  assert.deepEqual(pairs[0]?.stringData, pairs[1]?.stringData)
  assert.equal(pairs[0]?.stringData['cluster.pub']?.trim(), publicKeyOf(pairs[0]?.stringData['node.pem'] ?? ''))
})

test('what is configured is taken, and no Secret of a model is made without a key', () => {
  const given = make({ namespace: 'apps' }, { password: 'given', modelKey: 'sk-given' })
  assert.deepEqual(find(given, 'classify-database'), { POSTGRES_PASSWORD: 'given' })
  assert.deepEqual(find(given, 'classify-model'), { OPENAI_API_KEY: 'sk-given' })
  assert.equal(
    make({ namespace: 'apps' }).some(({ metadata }) => metadata.name === 'classify-model'),
    false,
  )
})

test('the command takes the password of the database in whichever form it is configured', async () => {
  for (const env of [
    { DATABASE_URL: 'postgres://tester:gi%2Fven@db.example/classify' },
    { POSTGRES_HOST: 'db.example', POSTGRES_PASSWORD: 'gi/ven' },
  ]) {
    const { code, stdout, stderr } = await runCli(['kubernetes:secrets'], { env, ownProcess: true })
    assert.equal(code, 0, stderr)
    const { items } = JSON.parse(stdout) as { items: Secret[] }
    assert.deepEqual(find(items, 'classify-database'), { POSTGRES_PASSWORD: 'gi/ven' })
    assert.match(stderr, /but for what is configured here \(the password of the database\)/)
  }
})
