/** How the command line is started: by npx, by the npm scripts, and by a Node.js that is too old for it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const BIN = join(ROOT, 'src/cli/classify.cjs')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return await new Promise((resolve) => {
    execFile(file, args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}

const NEEDED = /^The classify service needs Node\.js 24 or later, and \S+ is v\d+\.\d+\.\d+: [^\n]+\n$/

function assertRefused({ code, stdout, stderr }: Ended): void {
  assert.equal(code, 1, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, NEEDED)
}

/** The first Node.js on the PATH that is older than the project needs. */
async function findOldNode(): Promise<string | undefined> {
  const files = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'node'))
  for (const file of files) {
    const { code, stdout } = await run(file, ['--version'])
    if (code === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return file
  }
  return undefined
}

test('an old Node.js says in one sentence which version is needed, and shows no ERR_UNKNOWN_FILE_EXTENSION', async (t) => {
  const oldNode = await findOldNode()
  if (oldNode === undefined) return t.skip('no Node.js older than 24 is on the PATH')
  assertRefused(await run(oldNode, [BIN, 'status', 'X']))
})

test('a Node.js that takes itself for an old one is refused in the same way', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'classify-bin-'))
  try {
    const pretence = join(directory, 'pretence.cjs')
    const versions = "Object.defineProperty(process, 'versions', { value: { node: '18.19.0' } })"
    await writeFile(pretence, `Object.defineProperty(process, 'version', { value: 'v18.19.0' })\n${versions}\n`)
    assertRefused(await run(process.execPath, ['-r', pretence, BIN, 'status', 'X']))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('every npm script that starts Node.js checks its version first', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const commands = Object.values(scripts).filter((command) => /\bnode\b/.test(command))
  assert.ok(commands.length > 20)
  for (const command of commands) {
    assert.match(command, /^(?:exec )?node (?:src\/cli\/classify\.cjs|-r \.\/src\/cli\/node-version\.cjs) /)
  }
  await access(join(ROOT, 'src/cli/node-version.cjs'))
})

test('a command keeps its compiled modules beside the program, and loads what it may need only where it needs it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'classify-bin-'))
  try {
    const look = join(directory, 'look.cjs')
    const kept = "require('node:module').getCompileCacheDir()"
    const fetched = 'process.moduleLoadList.filter((one) => /undici/.test(one))'
    const packages = 'Object.keys(require.cache).filter((one) => /node_modules.(pg|pino|undici|openai)\\b/.test(one))'
    const said = `process.stderr.write(JSON.stringify([${kept}, ...${fetched}, ...${packages}]))`
    await writeFile(look, `process.on('exit', () => ${said})\n`)
    const { PATH, HOME } = process.env
    const folders = new Set<string>()
    for (const command of ['classify', 'status']) {
      const { stderr } = await run(process.execPath, ['-r', look, BIN, command, '--help'], { PATH, HOME })
      const [folder = '', ...loaded] = JSON.parse(stderr) as string[]
      assert.equal(dirname(folder), join(ROOT, 'node_modules/.cache/compile'))
      assert.deepEqual(loaded, [])
      folders.add(folder)
    }
    assert.equal(
      folders.size,
      2,
      'modules that were compiled under the settings of a large heap are no use to other commands',
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('npx classify prints what the command prints and nothing else', async () => {
  const { code, stdout, stderr } = await run('npm', ['exec', '--offline', '--', 'classify', 'export', '--help'])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Usage: classify export /)
})
