/** The walls of the design are rules of the linter: an import that crosses one must fail the check. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Probe {
  readonly folder: string
  readonly code: string
  readonly rule: 'noRestrictedImports' | 'noProcessEnv'
  readonly isRefused: boolean
}

const crossings: readonly [folder: string, from: string][] = [
  ['src/lib', '../config/config.ts'],
  ['src/lib', 'pino'],
  ['src/config', '../classification/codebook.ts'],
  ['src/classification', 'node:fs'],
  ['src/classification', '../llm/types.ts'],
  ['src/classification', '../lib/json.ts'],
  ['src/classification', 'pino'],
  ['src/classification/rules', '../../errors.ts'],
  ['src/codebooks/economic-indicators', 'node:fs'],
  ['src/codebooks/economic-indicators', '../../store/types.ts'],
  ['src/evidence', 'node:crypto'],
  ['src/evidence', '../store/types.ts'],
  ['src/eval', 'node:fs'],
  ['src/eval', '../catalogue/catalogue.ts'],
  ['src/catalogue', '../cli/ui/terminal.ts'],
  ['src/catalogue', '../store/store.ts'],
  ['src/catalogue', 'commander'],
  ['src/rate', '../llm/types.ts'],
  ['src/rate/limiter', '../../llm/types.ts'],
  ['src/rate/lease', '../../store/types.ts'],
  ['src/rate/lease', '../../store/rate-budget.ts'],
  ['src/rate/limiter', '../../metrics.ts'],
  ['src/llm', '../store/types.ts'],
  ['src/llm', '../classification/rules.ts'],
  ['src/llm', '../config/config.ts'],
  ['src/llm/openai', '../../rate/limiter/limiter.ts'],
  ['src/llm/openai', '../../restate/contract.ts'],
  ['src/offline-model', '../llm/pricing.ts'],
  ['src/offline-model', '../store/types.ts'],
  ['src/store', '../llm/types.ts'],
  ['src/store', '../classification/rules.ts'],
  ['src/store', '../rate/lease/lease.ts'],
  ['src/restate', '../store/store.ts'],
  ['src/restate', '../http/health.ts'],
  ['src/restate', 'pg'],
  ['src/restate/batch', '../../llm/openai/client.ts'],
  ['src/restate/batch', '../../rate/limiter/limiter.ts'],
  ['src/restate/chunk', '../../store/store.ts'],
  ['src/restate/chunk', '../batch/plan.ts'],
  ['src/http', '../restate/services.ts'],
  ['src/http', '../store/types.ts'],
  ['src/embedded', '../store/store.ts'],
  ['src/embedded', '../cli/ui/terminal.ts'],
  ['src/cli', '../store/store.ts'],
  ['src/cli', '../restate/services.ts'],
  ['src/cli/classify', '../../store/store.ts'],
  ['src/cli/classify', '../../rate/types.ts'],
  ['src/cli/client', '../../llm/types.ts'],
  ['src/cli/ui', 'fastify'],
]

const permitted: readonly [folder: string, from: string][] = [
  ['src/classification', './rules.ts'],
  ['src/classification', 'zod'],
  ['src/classification/rules', '../units.ts'],
  ['src/catalogue', '../classification/types.ts'],
  ['src/rate/lease', '../types.ts'],
  ['src/rate/limiter', 'bottleneck'],
  ['src/llm/openai', '../../rate/types.ts'],
  ['src/offline-model', '../classification/rules.ts'],
  ['src/store', '../rate/types.ts'],
  ['src/restate/batch', '../../store/types.ts'],
  ['src/restate/chunk', '../contract.ts'],
  ['src/cli/review', '../../catalogue/csv.ts'],
  ['src/cli/client', '../../restate/contract.ts'],
]

function importing([folder, from]: readonly [string, string], isRefused: boolean): Probe {
  return {
    folder,
    code: `import * as probe from '${from}'\n\nprobe.toString()\n`,
    rule: 'noRestrictedImports',
    isRefused,
  }
}

const readsEnv = 'export const probe = () => process.env.HOME\n'
const probes: readonly Probe[] = [
  ...crossings.map((pair) => importing(pair, true)),
  ...permitted.map((pair) => importing(pair, false)),
  { folder: 'src/llm', code: readsEnv, rule: 'noProcessEnv', isRefused: true },
  { folder: 'src/config', code: readsEnv, rule: 'noProcessEnv', isRefused: true },
]

let directory: string
let output: string

/** One run of the linter over all probes, with the project's own configuration, beside the project. */
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-walls-'))
  await cp(join(ROOT, 'biome.json'), join(directory, 'biome.json'))
  for (const [index, probe] of probes.entries()) {
    const file = join(directory, probe.folder, `probe-${index}.ts`)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, probe.code)
  }
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
  const args = [
    biome,
    'lint',
    '--colors=off',
    '--reporter=github',
    '--max-diagnostics=none',
    '--vcs-enabled=false',
    '.',
  ]
  output = await new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: directory }, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
})

after(async () => {
  await rm(directory, { recursive: true, force: true })
})

for (const [index, probe] of probes.entries()) {
  const what = probe.code.split('\n')[0]
  test(`${probe.folder} ${probe.isRefused ? 'may not' : 'may'}: ${what}`, () => {
    const refusals = output
      .split('\n')
      .filter((line) => line.includes(`probe-${index}.ts`) && line.includes(probe.rule))
    assert.equal(refusals.length > 0, probe.isRefused, output.slice(0, 2_000))
  })
}
