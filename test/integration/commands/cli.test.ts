/** The command line on a running stack: output, exit codes, export, status. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from '../../../src/embedded/ports.ts'
import type { ResultBody } from '../../../src/restate/contract.ts'
import { runCli, startCli } from '../../helpers/cli/cli.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

let stack: TestStack
let directory: string
let env: Record<string, string>

before(async () => {
  stack = await startTestStack({ RATE_RPM: '1500', OFFLINE_MODEL_LATENCY_MS: '100' })
  directory = await mkdtemp(join(tmpdir(), 'classify-cli-'))
  env = { ...stack.env }
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

const EARLIER_COLUMNS = (
  'indicator_id,name,type,family,temporal_aggregation,time_basis,orientation,unit_kind,unit_scale,unit_currency,unit_per,' +
  'frequency,cumulative_pattern,cumulative_reset_month,confidence,source,status,issues,reason,model,codebook_version,' +
  'prompt_version,run_id,classified_at'
).split(',')

const CSV = `indicator_id,name,units,periodicity,sample_values
C.1,"GDP, current prices",USD Million,Quarterly,"[{""date"":""2024-Q1"",""value"":5}]"
C.2,=cmd|' /C calc'!A0,%,Monthly,
C.3,Unemployment Rate,%,Monthly,
`

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

test('classify --json prints exactly one JSON object on stdout, with the fixed fields', async () => {
  const path = await file('catalogue.csv', CSV)
  const { code, stdout, stderr } = await runCli(['classify', path, '--json'], { env })
  assert.equal(code, 0, stderr)
  assert.equal(stdout.trim().split('\n').length, 1)
  const report = JSON.parse(stdout)
  for (const field of [
    'run_id',
    'catalogue',
    'codebook',
    'indicators',
    'classified',
    'unchanged',
    'audited',
    'evidence',
    'failed',
    'needs_review',
    'unverified',
    'by_source',
    'model_requests',
    'tokens',
    'cost_usd',
    'elapsed_ms',
    'indicators_per_minute',
    'nodes',
  ]) {
    assert.ok(field in report, field)
  }
  assert.deepEqual(Object.keys(report.by_source), ['rules', 'reuse', 'model', 'escalation', 'person'])
  assert.deepEqual(Object.keys(report.tokens), ['input', 'cached', 'output'])
  assert.deepEqual([report.catalogue, report.codebook], ['catalogue', 'economic-indicators@2'])
  assert.equal(report.indicators, 3)
  assert.equal(report.indicators, report.classified + report.unchanged + report.failed)
  // The first batch is an audit, and the guesses of the offline model show nothing.
  assert.deepEqual(Object.values(report.nodes), [{ batches: 2, failed: 0 }])
  assert.deepEqual([report.audited, report.evidence.fields], [0, []])

  const again = JSON.parse((await runCli(['classify', path, '--json'], { env })).stdout)
  assert.equal(again.unchanged, 3)
})

test('standard input is a catalogue too, and the report for people names the run', async () => {
  const input = `${JSON.stringify({ indicator_id: 'P.1', name: 'Car Registrations', units: 'Thousand' })}\n`
  const { code, stdout } = await runCli(['classify', '-'], { env, input, ownProcess: true })
  assert.equal(code, 0)
  assert.match(stdout, /Run run-\d{14}-[0-9a-f]{8}/)
  assert.match(stdout, /classified +1 /)
})

test('--limit classifies the first indicators only', async () => {
  const path = await file('limit.csv', CSV)
  const report = JSON.parse((await runCli(['classify', path, '--json', '--limit', '2', '--force'], { env })).stdout)
  assert.equal(report.indicators, 2)
})

test('status shows an indicator and a run, and exits 1 for an unknown id', async () => {
  const one = await runCli(['status', 'C.1', '--catalogue', 'catalogue', '--json'], { env, ownProcess: true })
  assert.equal(one.code, 0, one.stderr)
  const classification = JSON.parse(one.stdout) as ResultBody
  assert.equal(classification.indicator_id, 'C.1')
  const run = await runCli(['status', classification.run_id, '--json'], { env })
  assert.equal(JSON.parse(run.stdout).run_id, classification.run_id)
  const shown = await runCli(['status', 'C.1', '--catalogue', 'catalogue'], { env })
  assert.match(shown.stdout, /GDP, current prices/)
  assert.equal((await runCli(['status', 'nobody'], { env })).code, 1)
})

test('an indicator that two catalogues have is shown only where its catalogue is named', async () => {
  const unclear = await runCli(['status', 'C.1'], { env })
  assert.equal(unclear.code, 2, unclear.stderr)
  assert.match(unclear.stderr, /catalogue "catalogue".*catalogue "limit".*--catalogue NAME/s)
  const found = await runCli(['status', 'C.1', '--catalogue', 'limit', '--json'], { env })
  assert.equal((JSON.parse(found.stdout) as ResultBody).catalogue, 'limit')
})

test('export writes JSON lines and CSV, of everything or of one run, and neutralises formulas', async () => {
  const lines = (await runCli(['export', '--format', 'jsonl'], { env })).stdout.trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as ResultBody)
  assert.ok(all.length >= 4)
  const places = all.map(({ catalogue, indicator_id }) => `${catalogue} ${indicator_id}`)
  assert.deepEqual(places, places.toSorted())
  assert.ok(new Set(all.map(({ catalogue }) => catalogue)).size > 1)
  const ofCatalogue = await runCli(['export', '--format', 'jsonl', '--catalogue', 'catalogue'], { env })
  const ids = ofCatalogue.stdout.trim().split('\n')
  assert.deepEqual(
    ids.map((line) => (JSON.parse(line) as ResultBody).indicator_id),
    ['C.1', 'C.2', 'C.3'],
  )
  const runId = all.find((one) => one.indicator_id === 'P.1')?.run_id ?? ''
  const ofRun = await runCli(['export', '--format', 'jsonl', '--run', runId], { env })
  assert.equal(ofRun.stdout.trim().split('\n').length, 1)

  const out = join(directory, 'out.csv')
  const csv = await runCli(['export', '--format', 'csv', '--out', out], { env })
  assert.equal(csv.code, 0, csv.stderr)
  const text = await readFile(out, 'utf8')
  // The first columns are those of releases without codebook files, which scripts may read by their place.
  assert.deepEqual((text.split('\n', 1)[0] ?? '').split(',').slice(0, EARLIER_COLUMNS.length), EARLIER_COLUMNS)
  assert.match(text, /'=cmd/)

  assert.equal((await runCli(['export', '--format', 'csv', '--run', 'nobody'], { env })).code, 2)
  assert.equal((await runCli(['export', '--format', 'xml'], { env })).code, 2)
})

test('a wrong argument exits 2 with a message that names it', async () => {
  const bad = await file('bad.jsonl', '{"indicator_id":"a"}\n')
  const cases: readonly [readonly string[], RegExp][] = [
    [['classify', join(directory, 'missing.jsonl')], /missing\.jsonl/],
    [['classify', bad], /bad\.jsonl.*name/s],
    [['classify'], /FILE.*--resume/],
    [['classify', '--resume', '../x'], /not the id of a run/],
    [['classify', bad, '--pack', '26'], /--pack.*1 to 25/s],
    [['classify', bad, '--batch-size', '101'], /--batch-size.*1 to 100/s],
    [['classify', bad, '--mode', 'fast'], /--mode.*hybrid, model, rules/s],
    [['classify', bad, '--trust', 'me'], /--trust.*catalogue, shipped/s],
    [['classify', bad, '--target', '1'], /--target.*0\.5.*0\.999/s],
    [['classify', bad, '--ingress', 'localhost'], /--ingress.*http/s],
    [['classify', bad, '--wait-for-nodes', 'long'], /--wait-for-nodes.*30s, 10m or 1h/s],
    [['no-such-command'], /no-such-command/],
    [['inspect'], /FILE.*--from/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await runCli(args, { env })
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /at .*\.ts:\d+/, 'a stack trace is no message')
  }
  const wrong = await runCli(['classify', bad], { env: { ...env, RATE_RPM: 'fast' } })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /RATE_RPM is "fast"/)
})

test('every command has a help text and exits 0 with it', async () => {
  const { stdout } = await runCli(['--help'])
  const names = [
    'start',
    'demo',
    'inspect',
    'classify',
    'status',
    'export',
    'migrate',
    'queue',
    'kill',
    'all-in-one',
    'codebook',
  ]
  const cluster = ['5node', 'start', 'stop', 'clean', 'ps', 'logs'].map((name) => `cluster:${name}`)
  for (const name of [...names, ...cluster]) {
    assert.match(stdout, new RegExp(`^ +${name}\\b`, 'm'))
    const help = await runCli([name, '--help'], { ownProcess: true })
    assert.equal(help.code, 0)
    assert.match(help.stdout, /Usage: /)
  }
})

test('a second stack on the same data directory is refused, and so is a taken port', async () => {
  const free = { ...env, DATA_DIR: join(directory, 'other') }
  const taken = await runCli(['start'], { env: free, ownProcess: true })
  assert.equal(taken.code, 1)
  assert.match(taken.stderr, new RegExp(`Port ${env.INGRESS_PORT} .*INGRESS_PORT`))
  assert.match(taken.stderr, new RegExp(`Port ${env.PORT} `))
})

interface ModelStats {
  readonly requests: { readonly accepted: number }
  readonly max_per_indicator: number
}

const modelUrl = () => `http://127.0.0.1:${env.OFFLINE_MODEL_PORT}`

async function modelStats(): Promise<ModelStats> {
  return (await (await fetch(`${modelUrl()}/stats`)).json()) as ModelStats
}

/** Sets the counters of the model to zero, so that they count the run of one test alone. */
async function resetModelStats(): Promise<void> {
  assert.ok((await fetch(`${modelUrl()}/stats/reset`, { method: 'POST' })).ok)
}

test('status --why shows what a result rests on, and export --sdmx adds codes of SDMX', async () => {
  const path = await file(
    'why.csv',
    'indicator_id,name,units,periodicity\nW.1,Imports of goods,USD Million,Quarterly\n',
  )
  const ran = await runCli(['classify', path, '--json'], { env })
  assert.equal(ran.code, 0, ran.stderr)
  const { code, stdout, stderr } = await runCli(['status', 'W.1', '--why', '--json'], { env })
  assert.equal(code, 0, stderr)
  const { why, ...result } = JSON.parse(stdout)
  assert.equal(result.indicator_id, 'W.1')
  assert.match(why.findings[0].because, /^'imports of goods' \+ unit 'USD Million' → .*; rule [a-z-]+$/)
  assert.deepEqual(
    new Set(Object.keys(why)),
    new Set(['indicator_id', 'catalogue', 'codebook', 'findings', 'evidence', 'prompt', 'answer']),
  )
  assert.match(why.prompt, /"name":"Imports of goods"/)
  assert.equal(why.answer.source, 'model')
  const text = await runCli(['status', 'W.1', '--why'], { env })
  assert.match(text.stdout, /\nThe stored answer to records of this shape:\n {2}by model/)
  const unknown = await runCli(['status', JSON.parse(ran.stdout).run_id, '--why'], { env })
  assert.equal(unknown.code, 2, unknown.stderr)

  const exported = await runCli(['export', '--format', 'csv', '--catalogue', 'why', '--sdmx'], { env })
  assert.match(exported.stdout, /,sdmx_freq,sdmx_unit_mult,sdmx_unit_measure\nW\.1,.*,Q,6,USD\n$/)
  const other = await runCli(['export', '--format', 'csv', '--codebook', 'release-topics', '--sdmx'], { env })
  assert.equal(other.code, 2)
  assert.match(other.stderr, /--sdmx: the codebook release-topics has no fields with SDMX codes/)
})

async function longCatalogue(prefix: string, count: number): Promise<string> {
  const lines = Array.from({ length: count }, (_, n) => {
    return JSON.stringify({ indicator_id: `${prefix}.${n}`, name: `Thing ${prefix} ${n}` })
  })
  return await file(`${prefix}.jsonl`, lines.join('\n'))
}

test('Ctrl+C stops submitting, lets what is in flight end, exits 130, and --resume does the rest', async () => {
  const path = await longCatalogue('Z', 2_500)
  await resetModelStats()
  const cli = startCli(['classify', path, '--mode', 'model', '--no-reuse', '--json'], { env })
  await cli.untilSaid(/--resume run-/)
  await waitUntil('20 requests are accepted', async () => (await modelStats()).requests.accepted >= 20)
  cli.child.kill('SIGINT')
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 130, stderr)
  const report = JSON.parse(stdout)
  assert.ok(report.classified > 0 && report.failed > 0, stdout)
  assert.equal(report.indicators, 2_500)
  assert.match(stderr, new RegExp(`Resume the run with:\\n +npm run classify -- --resume ${report.run_id}`))

  const resumed = await runCli(['classify', '--resume', report.run_id, '--json'], { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  const whole = JSON.parse(resumed.stdout)
  assert.equal(whole.run_id, report.run_id)
  assert.equal(whole.classified, 2_500)
  assert.equal(whole.resumed, report.classified)
  assert.equal(whole.by_source.model, 2_500)
  assert.equal((await modelStats()).max_per_indicator, 1)

  const again = await runCli(['classify', '--resume', report.run_id], { env })
  assert.equal(again.code, 2)
  assert.match(again.stderr, /cannot be resumed.*complete/)
})

test('after kill -9 of the command --resume goes on, and nothing is asked twice', async () => {
  const path = await longCatalogue('Y', 1_500)
  await resetModelStats()
  const cli = startCli(['classify', path, '--mode', 'model', '--no-reuse', '--force', '--batch-size', '20'], { env })
  await cli.untilSaid(/--resume run-/)
  await waitUntil('20 requests are accepted', async () => (await modelStats()).requests.accepted >= 20)
  cli.child.kill('SIGKILL')
  const { stderr } = await cli.result
  const runId = /--resume (run-\S+)/.exec(stderr)?.[1] ?? ''

  const other = await file('Y-other.jsonl', JSON.stringify({ indicator_id: 'Y.0', name: 'Another thing' }))
  const wrong = await runCli(['classify', other, '--resume', runId], { env })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /has changed since the run .* began/)

  const resumed = await runCli(['classify', '--resume', runId, '--json'], { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  const report = JSON.parse(resumed.stdout)
  assert.equal(report.classified, 1_500)
  assert.ok(report.resumed > 0 && report.resumed < 1_500, `${report.resumed} resumed`)
  assert.equal((await modelStats()).max_per_indicator, 1)
})

test('--skip-invalid classifies the rest, says what it left out, and keeps it in a file', async () => {
  const path = await file('partly.csv', 'indicator_id,name\nQ.1,Imports\nQ.2,\nQ.3,Exports\n')
  const refused = await runCli(['classify', path], { env })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /partly\.csv.*3.*name/s)
  const { code, stdout, stderr } = await runCli(['classify', path, '--skip-invalid', '--json'], { env, cwd: directory })
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.classified, 2)
  assert.match(stderr, /line 3: name: /)
  const kept = await readFile(join(directory, `skipped-${report.run_id}.csv`), 'utf8')
  assert.equal(kept, 'indicator_id,name\nQ.2,\n')
})

test('a record that cannot be mended is still reported and kept when the catalogue is refused after it', async () => {
  const path = await file('refused.csv', 'indicator_id,name\nQ.2,\n')
  const { code, stderr } = await runCli(['classify', path, '--skip-invalid'], { env, cwd: directory })
  assert.equal(code, 2)
  const name = /invalid records? to (skipped-run-\S+\.csv):/.exec(stderr)?.[1] ?? ''
  assert.equal(await readFile(join(directory, name), 'utf8'), 'indicator_id,name\nQ.2,\n')
  assert.doesNotMatch(stderr, /Warning: Closing/)
})

/**
 * Whether the command listens for signals, which would end it otherwise. Linux says so of SIGHUP, the first bit of what a process
 * catches: the others Node.js always catches for itself.
 */
async function takesInterrupts(pid: number | undefined): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, caught = '0'] = /^SigCgt:\s+([0-9a-f]+)$/m.exec(status) ?? []
  return (BigInt(`0x${caught}`) & 1n) !== 0n
}

test('Ctrl+C before anything was submitted ends at once: standard input, a FIFO, no resume line', async () => {
  const fifo = join(directory, 'fifo')
  await promisify(execFile)('mkfifo', [fifo])
  const line = `${JSON.stringify({ indicator_id: 'F.1', name: 'Never sent' })}\n`
  const cases = [
    { args: ['classify', '-'], options: { holdsInput: true, input: line } },
    { args: ['classify', fifo], options: {} },
  ]
  for (const { args, options } of cases) {
    const cli = startCli(args, { env, ...options })
    await waitUntil('the command takes an interrupt', () => takesInterrupts(cli.child.pid))
    cli.child.kill('SIGINT')
    const { code, stderr } = await cli.result
    assert.equal(code, 130, stderr)
    assert.match(stderr, /Interrupted\.\n$/)
    assert.doesNotMatch(stderr, /--resume/)
  }
})

test('a FIFO that is written to is a catalogue', async () => {
  const fifo = join(directory, 'fifo-2')
  await promisify(execFile)('mkfifo', [fifo])
  const cli = startCli(['classify', fifo, '--json'], { env })
  await writeFile(fifo, `${JSON.stringify({ indicator_id: 'F.2', name: 'Exports of steel', units: 'Tonnes' })}\n`)
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.equal(JSON.parse(stdout).indicators, 1)
})

test('--wait-for-nodes is how long the start waits too', async () => {
  const path = await file('waiting.csv', CSV)
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, stderr } = await runCli(['classify', path, '--ingress', url, '--wait-for-nodes', '200ms'], { env })
  assert.equal(code, 1)
  assert.match(stderr, /No Restate ingress answers/)
})

test('Ctrl+C while the service is looked for submits nothing and keeps no run', async () => {
  const path = await file('lonely.csv', CSV)
  const url = `http://127.0.0.1:${await freePort()}`
  const dataDir = join(directory, 'lonely')
  const cli = startCli(['classify', path, '--ingress', url], { env: { ...env, DATA_DIR: dataDir } })
  await cli.untilSaid('3 indicators')
  cli.child.kill('SIGINT')
  const { code, stderr } = await cli.result
  assert.equal(code, 130, stderr)
  assert.doesNotMatch(stderr, /--resume/)
  await assert.rejects(access(join(dataDir, 'runs')), { code: 'ENOENT' })
})

test('a run of standard input says that it needs the same input again', async () => {
  const lines = Array.from({ length: 60 }, (_, n) => JSON.stringify({ indicator_id: `W.${n}`, name: `Thing W ${n}` }))
  const input = lines.join('\n')
  const options = ['--mode', 'model', '--no-reuse', '--batch-size', '1']
  const cli = startCli(['classify', '-', ...options], { env, input })
  await cli.untilSaid(/--resume run-\S+ < FILE/)
  cli.child.kill('SIGINT')
  const { code, stderr } = await cli.result
  assert.equal(code, 130, stderr)
  const [, runId = ''] = /Resume the run with:\n +npm run classify -- - --resume (run-\S+) < FILE/.exec(stderr) ?? []
  const resumed = await runCli(['classify', '--resume', runId, '--json'], { env, input })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.match(resumed.stderr, /give the same input again/)
  assert.equal(JSON.parse(resumed.stdout).classified, 60)
})

test('progress moves with the requests of an open batch, and does not wait for its end', async () => {
  const path = await longCatalogue('V', 24)
  const slow = ['--mode', 'model', '--no-reuse', '--pack', '1', '--rpm', '120']
  const cli = startCli(['classify', path, ...slow], { env })
  // 24 requests at 120 a minute are one batch of 12 s; plain lines of progress come every five seconds.
  await cli.untilSaid(/^(?:[1-9]|1\d|2[0-3])\/24 {2}\d+% {2}\d+\/min {2}ETA 0:\d\d .*in flight 1$/m)
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.match(stdout, /classified +24 /)
  assert.match(stderr, /^24\/24 {2}100% /m)
  const restored = await runCli(['classify', path, '--mode', 'rules', '--rpm', '1500'], { env })
  assert.equal(restored.code, 0, restored.stderr)
})

test('export: a file that cannot be written is one line, and a reader that closes its end is no failure', async () => {
  const missing = join(directory, 'no', 'x.csv')
  const refused = await runCli(['export', '--format', 'csv', '--out', missing], { env })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^--out \S+ cannot be written: the folder \S+ does not exist[^\n]*\n$/)

  const cli = startCli(['export', '--format', 'csv'], { env })
  cli.child.stdout?.destroy()
  const { code, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
})

test('export to a full disk is one line that neither begins with "Stopping" nor shows a stack', async (t) => {
  const hasFullDevice = await access('/dev/full').then(
    () => true,
    () => false,
  )
  if (!hasFullDevice) return t.skip('there is no /dev/full')
  const command = `"${process.execPath}" src/cli/classify.cjs export --format csv > /dev/full`
  // The variables that npm sets for `npm test` would add its hint about scripts to stderr.
  const { PATH, HOME } = process.env
  const { stderr, code } = await promisify(execFile)('sh', ['-c', command], { env: { PATH, HOME, ...env } }).then(
    () => ({ stderr: '', code: 0 }),
    (error: { stderr: string; code: number }) => error,
  )
  assert.equal(stderr, 'Standard output cannot be written: ENOSPC: no space left on device, write\n')
  assert.equal(code, 2)
})

test('a DATA_DIR that is a file is named with its value, by every command that needs it', async () => {
  const dataDir = await file('data-dir', '')
  const path = await file('data-dir.csv', CSV)
  for (const args of [['start'], ['demo'], ['migrate'], ['classify', path]]) {
    const { code, stderr } = await runCli(args, { env: { ...env, DATA_DIR: dataDir } })
    assert.equal(code, 2, stderr)
    assert.ok(stderr.includes(`DATA_DIR is "${dataDir}": `), stderr)
    assert.doesNotMatch(stderr, /at .*\.ts:\d+/)
  }
})

test('status answers differently for an unknown id, a wrong id and a service that is away', async () => {
  assert.match((await runCli(['status', 'nobody'], { env })).stderr, /Neither an indicator nor a run "nobody" is known/)
  const long = await runCli(['status', 'x'.repeat(300)], { env })
  assert.equal(long.code, 2, long.stderr)
  assert.match(long.stderr, /at most 256 characters/)
  const away = await runCli(['status', 'C.1', '--ingress', `http://127.0.0.1:${await freePort()}`], { env })
  assert.equal(away.code, 1)
  assert.match(away.stderr, /No Restate ingress answers/)
})

test('a name that is nearly a variable is pointed out', async () => {
  const { stderr } = await runCli(['status', 'P.1'], { env: { ...env, RATE_RMP: '5' } })
  assert.match(stderr, /RATE_RMP .* did you mean RATE_RPM\?/)
})

test('migrate says that the schema is up to date', async () => {
  const { code, stderr } = await runCli(['migrate'], {
    env: { ...env, DATABASE_URL: stack.databaseUrl },
    ownProcess: true,
  })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /up to date/)
})
