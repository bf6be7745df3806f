/** `.env`: read as Docker Compose 2.40 reads it, or refused with the line and the way out. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDotEnv } from '../../../src/config/dot-env.ts'
import { loadDotEnv } from '../../../src/config/dot-env-file.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { READ_BY_COMPOSE, REFUSED } from '../../helpers/dot-env-cases.ts'

for (const [text, values] of READ_BY_COMPOSE) {
  test(`read as Compose reads it: ${JSON.stringify(text)}`, () => {
    const { values: own, problems } = parseDotEnv(text)
    assert.deepEqual(problems, [])
    assert.deepEqual(Object.fromEntries(own), values)
  })
}

for (const [text, problem] of REFUSED) {
  test(`refused with its line: ${JSON.stringify(text)}`, () => {
    const { problems } = parseDotEnv(text)
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0] ?? '', problem)
  })
}

test('every wrong line is named, and none is quoted', () => {
  const { problems } = parseDotEnv('A=1\nB=hidden$x\n\n# c\nC: hidden\nD="hidden\\t"\nE=2\n')
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['line 2', 'line 5', 'line 6'],
  )
  assert.doesNotMatch(problems.join('\n'), /hidden/)
})

test('a variable of the shell goes before .env, and a missing file is no error', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'classify-dot-env-'))
  const file = join(directory, '.env')
  try {
    loadDotEnv(file)
    await writeFile(file, "\uFEFFDOT_ENV_GIVEN=file\r\nexport DOT_ENV_NEW='a#b $c' # comment\r\n")
    process.env.DOT_ENV_GIVEN = 'shell'
    loadDotEnv(file)
    assert.deepEqual([process.env.DOT_ENV_GIVEN, process.env.DOT_ENV_NEW], ['shell', 'a#b $c'])
    await writeFile(file, Buffer.from('\uFEFFA=1\n', 'utf16le'))
    assert.throws(() => loadDotEnv(file), { code: 'config-invalid', message: /UTF-16.*Save it as UTF-8/ })
    await writeFile(file, Buffer.from([0x41, 0x3d, 0xff]))
    assert.throws(() => loadDotEnv(file), { code: 'config-invalid', message: /no UTF-8 text/ })
  } finally {
    delete process.env.DOT_ENV_GIVEN
    delete process.env.DOT_ENV_NEW
    await rm(directory, { recursive: true, force: true })
  }
})

test('a command takes a value with # whole, and stops with exit code 2 at a line with $', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'classify-dot-env-'))
  try {
    await writeFile(join(cwd, '.env'), '\uFEFFLOG_LEVEL=a#b\r\n')
    const read = await runCli(['status', 'RUN'], { cwd, ownProcess: true })
    assert.equal(read.code, 2, read.stderr)
    assert.match(read.stderr, /LOG_LEVEL is "a#b"/)
    await writeFile(join(cwd, '.env'), 'LOG_LEVEL=info\nPOSTGRES_PASSWORD=pa$word\n')
    const refused = await runCli(['status', 'RUN'], { cwd, ownProcess: true })
    assert.equal(refused.code, 2, refused.stderr)
    assert.match(refused.stderr, /line 2: POSTGRES_PASSWORD has a \$.*single quotes/)
    assert.doesNotMatch(refused.stderr, /pa\$word/)
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
})
