/** The walls of the design are rules of the linter: an import that crosses one must fail the check. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A file that the linter must refuse or permit. */
interface Probe {
  readonly file: string
  readonly code: string
  readonly isRefused: boolean
}

/** Imports that cross a wall. */
const crossings: readonly [folder: string, from: string][] = [
  ['src/lib', '../config/config.ts'],
  ['src/lib', 'pino'],
  ['src/config', '../classification/codebook.ts'],
  ['src/classification', 'node:fs'],
  ['src/classification', '../llm/types.ts'],
  ['src/classification', '../lib/timing.ts'],
  ['src/classification', 'pino'],
  ['src/classification/record', '../../lib/timing.ts'],
  ['src/classification/record', 'node:fs'],
  ['src/evidence', '../classification/types.ts'],
  ['src/codebooks/economic-indicators', 'node:fs'],
  ['src/codebooks/economic-indicators', '../../store/types.ts'],
  ['src/codebooks/economic-indicators', '../../classification/types.ts'],
  ['src/codebooks/economic-indicators', '../release-topics/code.ts'],
  ['src/codebooks/economic-indicators/rules', '../../types.ts'],
  ['src/codebooks/economic-indicators/rules', '../../../errors.ts'],
  ['src/codebooks/economic-indicators/readers', 'zod'],
  ['src/codebooks', './economic-indicators/rules.ts'],
  ['src/evidence', 'node:crypto'],
  ['src/evidence', '../store/types.ts'],
  ['src/evidence', '../classification/types.ts'],
  ['src/evidence/gate', '../../classification/types.ts'],
  ['src/evidence/certificate', 'node:crypto'],
  ['src/eval', 'node:fs'],
  ['src/eval', '../catalogue/open-catalogue.ts'],
  ['src/catalogue', '../cli/ui/terminal.ts'],
  ['src/catalogue', '../store/store.ts'],
  ['src/catalogue', 'commander'],
  ['src/catalogue/formats', '../../cli/ui/terminal.ts'],
  ['src/catalogue/layout', '../../store/store.ts'],
  ['src/catalogue/mapping', 'commander'],
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
  ['src/store', '../rate/lease/lease-decision.ts'],
  ['src/restate', '../store/store.ts'],
  ['src/restate', '../http/health.ts'],
  ['src/restate', 'pg'],
  ['src/restate/batch', '../../llm/openai/client.ts'],
  ['src/restate/batch', '../../rate/limiter/limiter.ts'],
  ['src/restate/chunk', '../../store/store.ts'],
  ['src/restate/chunk', '../batch/plan.ts'],
  ['src/review', '../store/store.ts'],
  ['src/review', '../cli/ui/terminal.ts'],
  ['src/review', '../restate/contract.ts'],
  ['src/http', '../restate/services.ts'],
  ['src/http', '../store/types.ts'],
  ['src/embedded', '../store/store.ts'],
  ['src/embedded', '../cli/ui/terminal.ts'],
  ['src/http', '../config/config.ts'],
  ['src/guard', '../store/pool.ts'],
  ['src/guard', '../resources.ts'],
  ['src/guard', '../restate/contract.ts'],
  ['src/guard', '@restatedev/restate-sdk'],
  ['src/review', '../cli/ui/terminal.ts'],
  ['src/review', '../store/store.ts'],
  ['src/console', '../store/store.ts'],
  ['src/console', '../cli/ui/terminal.ts'],
  ['src/console', '../resources.ts'],
  ['src/console/page', '../../store/types.ts'],
  ['src/console/page', 'node:fs'],
  ['src/console/browser', '../views/runs.ts'],
  ['src/cli', '../store/store.ts'],
  ['src/cli', '../restate/services.ts'],
  ['src/cli/classify', '../../store/store.ts'],
  ['src/cli/classify', '../../rate/types.ts'],
  ['src/cli/client', '../../llm/types.ts'],
  ['src/cli/classify', '../../resources.ts'],
  ['src/cli/ui', 'fastify'],
]

/** Imports that the design allows. */
const permitted: readonly [folder: string, from: string][] = [
  ['src/classification', './rules.ts'],
  ['src/classification', 'zod'],
  ['src/classification/record', '../types.ts'],
  ['src/codebooks', './economic-indicators/code.ts'],
  ['src/codebooks/economic-indicators', './rules/context.ts'],
  ['src/codebooks/economic-indicators', '../types.ts'],
  ['src/codebooks/economic-indicators/rules', '../readers/units.ts'],
  ['src/codebooks/economic-indicators/rules', '../types.ts'],
  ['src/catalogue', '../classification/types.ts'],
  ['src/rate/lease', '../types.ts'],
  ['src/rate/limiter', 'bottleneck'],
  ['src/llm/openai', '../../rate/types.ts'],
  ['src/offline-model', '../classification/rules.ts'],
  ['src/store', '../rate/types.ts'],
  ['src/restate/batch', '../../store/types.ts'],
  ['src/restate/chunk', '../contract.ts'],
  ['src/review', '../store/types.ts'],
  ['src/restate/answers', '../../review/decide.ts'],
  ['src/cli/review', '../../review/decide.ts'],
  ['src/guard', '../guard-resources.ts'],
  ['src/guard', '../store/idempotency/types.ts'],
  ['src/cli/review', '../../catalogue/csv-decoder.ts'],
  ['src/cli/review', '../../review/apply.ts'],
  ['src/console/views', '../../review/review-items.ts'],
  ['src/console/browser', '../page/html.ts'],
  ['src/cli/client', '../../restate/contract.ts'],
]

/** Ways to reach another file, each of which must meet the wall between llm and store. */
const waysToImport: readonly string[] = [
  "import type { Store } from '../store/types.ts'\n\nexport type A = Store\n",
  "export { toDatabaseError } from '../store/database-error.ts'\n",
  "export type { Store } from '../store/types.ts'\n",
  "export * from '../store/types.ts'\n",
  "import '../store/types.ts'\n",
  "import './../store/types.ts'\n",
  "export type A = import('../store/types.ts').Store\n",
  "export const a = await import('../store/types.ts')\n",
  'export const a = await import(`../store/types.ts`)\n',
  "const path = '../store/types.ts'\nexport const a = await import(path)\n",
  "import { createRequire } from 'node:module'\n\nexport const a = createRequire(import.meta.url)('../store/types.ts')\n",
]

const ALL_OF_STORE = "import * as store from '../store/store.ts'\n\nstore.toString()\n"

/** Files for which the list of their folder is not enough. */
const files: readonly Probe[] = [
  { file: 'src/new-entry.ts', code: "import './store/store.ts'\n", isRefused: true },
  { file: 'src/new-room/a.ts', code: "import '../lib/json/json.ts'\n", isRefused: true },
  { file: 'src/llm/openai/deep/a.ts', code: "import '../client.ts'\n", isRefused: true },
  { file: 'src/cli/old.cjs', code: "require('../store/store.ts')\n", isRefused: true },
  { file: 'src/cli/new.mts', code: "import '../store/store.ts'\n", isRefused: true },
  { file: 'src/errors.ts', code: "import './lib/json/json.ts'\n", isRefused: true },
  { file: 'src/metrics.ts', code: "import './store/store.ts'\n", isRefused: true },
  { file: 'src/app.ts', code: "import './resources.ts'\n", isRefused: true },
  { file: 'src/resources.ts', code: "import './restate/services.ts'\n", isRefused: true },
  { file: 'src/database-resources.ts', code: "import './resources.ts'\n", isRefused: true },
  { file: 'src/guard-resources.ts', code: "import './resources.ts'\n", isRefused: true },
  { file: 'src/server.ts', code: "import './store/store.ts'\n", isRefused: true },
  { file: 'src/rate/types.ts', code: "import './limiter/limiter.ts'\n", isRefused: true },
  { file: 'src/store/types.ts', code: "import './store.ts'\n", isRefused: true },
  { file: 'src/llm/types.ts', code: "import './openai/client.ts'\n", isRefused: true },
  { file: 'src/restate/contract.ts', code: "import './services.ts'\n", isRefused: true },
  { file: 'test/unit/a.test.ts', code: ALL_OF_STORE, isRefused: false },
]

/** Ways to read the environment, which config/environment.ts alone may do. */
const environmentReaders: readonly string[] = [
  'export const a = process.env.HOME\n',
  "export const a = process['env']\n",
  'export const a = globalThis.process.env\n',
  "import { env } from 'node:process'\n\nexport const a = env.HOME\n",
  'const { env } = process\nexport const a = env.HOME\n',
  'const { pid, env: all } = process\nexport const a = [pid, all]\n',
  'const p = process\nexport const a = p.env\n',
]

/** Clocks, randomness and I/O, which a pure room may not reach. */
const impurities: readonly string[] = [
  'Date.now()',
  'new Date()',
  'Math.random()',
  'performance.now()',
  'crypto.randomUUID()',
  "fetch('http://localhost')",
  'setTimeout(() => undefined, 1)',
  'process.pid',
]

function importing([folder, from]: readonly [string, string], index: number, isRefused: boolean): Probe {
  const code = `import * as probe from '${from}'\n\nprobe.toString()\n`
  return { file: `${folder}/${isRefused ? 'refused' : 'permitted'}-${index}.ts`, code, isRefused }
}

const probes: readonly Probe[] = [
  ...crossings.map((pair, index) => importing(pair, index, true)),
  ...permitted.map((pair, index) => importing(pair, index, false)),
  ...waysToImport.map((code, index) => ({ file: `src/llm/way-${index}.ts`, code, isRefused: true })),
  ...files,
  ...environmentReaders.map((code, index) => ({ file: `src/llm/env-${index}.ts`, code, isRefused: true })),
  { file: 'src/config/values.ts', code: environmentReaders[0] ?? '', isRefused: true },
  { file: 'src/config/environment.ts', code: environmentReaders[0] ?? '', isRefused: false },
  { file: 'src/llm/stdout.ts', code: 'const { stdout } = process\nexport const a = stdout\n', isRefused: false },
  ...['classification', 'codebooks/economic-indicators/rules', 'codebooks', 'evidence', 'eval'].flatMap((room) =>
    impurities.map((expression, index) => ({
      file: `src/${room}/impure-${index}.ts`,
      code: `export const a = ${expression}\n`,
      isRefused: true,
    })),
  ),
  {
    file: 'src/eval/date.ts',
    code: 'export const a = [new Date(5), Date.UTC(2_026), Math.max(1)]\n',
    isRefused: false,
  },
  { file: 'src/http/clock.ts', code: 'export const a = Date.now()\n', isRefused: false },
]

let directory: string
let output: string

/** One run of the linter over all probes, with the project's own configuration, beside the project. */
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-walls-'))
  await cp(join(ROOT, 'biome.json'), join(directory, 'biome.json'))
  await cp(join(ROOT, 'walls.grit'), join(directory, 'walls.grit'))
  for (const probe of probes) {
    const file = join(directory, probe.file)
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

/** The linter's own words for a wall: our message, or the name of a rule that is a wall by itself. */
const WALL = /A wall of the design|noProcessEnv|noRestrictedGlobals/

for (const { file, code, isRefused } of probes) {
  test(`${file} ${isRefused ? 'may not' : 'may'}: ${code.trim().split('\n')[0]}`, () => {
    const refusals = output.split('\n').filter((line) => line.includes(`/${file},`) && WALL.test(line))
    assert.equal(refusals.length > 0, isRefused, output.slice(0, 2_000))
  })
}
