/** The CloudFormation template for replicas on Fargate: valid, closed, and with the settings that the service knows. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CelEngine, TemplateFile } from '@aws/cloudformation-validate'
import { VARIABLE_NAMES } from '../../../src/config/variables.ts'
import { ROOT } from '../../helpers/kubernetes/chart.ts'

const directory = mkdtempSync(join(tmpdir(), 'classify-ecs-'))
const engine = new CelEngine()
after(() => {
  engine.free()
  rmSync(directory, { recursive: true, force: true })
})

const text = readFileSync(join(ROOT, 'ecs/replicas.yaml'), 'utf8')

/** What the validator of AWS says of a template, as "E3012: …". */
function faultsOf(template: string): string[] {
  const file = join(directory, 'replicas.yaml')
  writeFileSync(file, template)
  // What is only worth a note is left out: properties whose change replaces a resource, and resources without tags.
  const { diagnostics } = engine.validateStandard(new TemplateFile(file), { severityLevel: 'WARN' })
  return diagnostics.map(({ ruleId, message }) => `${ruleId}: ${message}`)
}

test('the template is valid', () => {
  assert.deepEqual(faultsOf(text), [])
})

test('a property that is misspelt, missing or of a wrong type is found', () => {
  for (const [from, to] of [
    ['RequiresCompatibilities', 'RequiresCompatibilitys'],
    ['      ServiceNamespace: ecs\n', ''],
    ['TargetValue: 70', 'TargetValue: seventy'],
    ['!Ref Targets', '!Ref Target'],
  ] as const) {
    assert.ok(text.includes(from), from)
    assert.notDeepEqual(faultsOf(text.replace(from, to)), [], from)
  }
})

test('the replica has settings that the service knows, and its secrets by name alone', () => {
  const replica = text.slice(text.indexOf('- Name: replica'), text.indexOf('- Name: agent'))
  const names = [...replica.matchAll(/\{ Name: ([A-Z_]+), Value/g)].map(([, name = '']) => name)
  assert.ok(names.length >= 12)
  assert.deepEqual(
    names.filter((name) => !VARIABLE_NAMES.includes(name)),
    [],
  )
  assert.deepEqual(
    names.filter((name) => /PASSWORD|KEY$|TOKEN/.test(name)),
    ['POSTGRES_PASSWORD', 'OPENAI_API_KEY'],
  )
  assert.match(replica, /ReadonlyRootFilesystem: true/)
  assert.match(replica, /User: "1000:1000"/)
})
