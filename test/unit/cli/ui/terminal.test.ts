/** How a command writes and ends: each test in a process of its own, since signals, errors and outputs are a process's. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { access } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hasNpmPrinted, isDumbTerminal } from '../../../../src/config/surroundings.ts'

const TERMINAL = new URL('../../../../src/cli/ui/terminal.ts', import.meta.url).href
const PROGRESS = new URL('../../../../src/cli/ui/progress.ts', import.meta.url).href
const BIN = fileURLToPath(new URL('../../../../src/cli/classify.cjs', import.meta.url))

/** Runs `body` with everything of terminal.ts in scope; resolves with its output on stdout. */
async function runProgram(body: string, whenItSays: Readonly<Record<string, NodeJS.Signals>> = {}): Promise<string> {
  const names = 'aborted, isInterrupted, say, underInterrupts'
  const program = `import { ${names} } from '${TERMINAL}'\n${body}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    for (const [word, signal] of Object.entries(whenItSays)) if (text.includes(word)) child.kill(signal)
  })
  await new Promise((resolve) => child.once('close', resolve))
  return output
}

test('an error that nobody caught lets the work end before it ends the process', async () => {
  const output = await runProgram(`
    const work = async ({ first }) => {
      setTimeout(() => { throw new Error('nobody caught me') }, 10)
      await aborted(first)
      await new Promise((resolve) => setTimeout(resolve, 20))
      console.log('stopped in order')
    }
    await underInterrupts(() => console.log('stopping'), work).catch((error) => console.log(error.message))
  `)
  assert.equal(output, 'stopping\nstopped in order\nnobody caught me\n')
})

test('the second signal has an abort of its own, and the reason of the first is an interrupt', async () => {
  const output = await runProgram(
    `
    const work = async ({ first, second }) => {
      const alive = setInterval(() => undefined, 1000)
      console.log('ready')
      await aborted(first)
      console.log('first', isInterrupted(first.reason))
      setTimeout(() => console.log('again'), 600)
      await aborted(second)
      clearInterval(alive)
      console.log('second')
    }
    await underInterrupts(() => undefined, work)
  `,
    { ready: 'SIGTERM', again: 'SIGINT' },
  )
  assert.equal(output, 'ready\nfirst true\nagain\nsecond\n')
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program without the variables of `npm test`, under which commands add a hint about npm's own lines to stderr. */
async function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { PATH, HOME } = process.env
  return await new Promise((resolve) => {
    execFile(file, args, { env: { PATH, HOME, ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}

const hasFullDevice = await access('/dev/full').then(
  () => true,
  () => false,
)

test('an output on a full disk is one sentence and no stack trace', async (t) => {
  if (!hasFullDevice) return t.skip('there is no /dev/full')
  const { code, stderr } = await run('sh', ['-c', `"${process.execPath}" "${BIN}" export --help > /dev/full`])
  assert.equal(stderr, 'Standard output cannot be written: ENOSPC: no space left on device, write\n')
  assert.equal(code, 2)
})

test('an output that fails while a command works is reported without "Stopping", and ends the work', async (t) => {
  if (!hasFullDevice) return t.skip('there is no /dev/full')
  const program = `
    import { aborted, endOnUncaughtErrors, handleOutputErrors, printJson, underInterrupts } from '${TERMINAL}'
    const report = (error) => { process.stderr.write(error.message + '\\n'); return 7 }
    handleOutputErrors()
    endOnUncaughtErrors(report)
    const work = async ({ first }) => {
      const alive = setInterval(() => undefined, 1000)
      printJson({})
      await aborted(first)
      clearInterval(alive)
    }
    await underInterrupts(() => process.stderr.write('Stopping'), work).catch((error) => process.exit(report(error)))
  `
  const command = `"${process.execPath}" --input-type=module -e "$PROGRAM" > /dev/full`
  const { code, stderr } = await run('sh', ['-c', command], { PROGRAM: program })
  assert.equal(stderr, 'Standard output cannot be written: ENOSPC: no space left on device, write\n')
  assert.equal(code, 7)
})

/** What a program writes to stderr that shows progress, says a line, and ends. */
async function progressOnTerminal(env: NodeJS.ProcessEnv): Promise<string> {
  const program = `
    import { createStderrProgress } from '${PROGRESS}'
    import { say } from '${TERMINAL}'
    Object.defineProperty(process.stderr, 'isTTY', { value: true })
    const progress = createStderrProgress(10)
    say('Stopping: waiting')
    progress.end()
    say('after the end')
  `
  return (await run(process.execPath, ['--input-type=module', '-e', program], env)).stderr
}

test('a message while the progress line is shown takes a row of its own, and the line is drawn again below it', async () => {
  const written = await progressOnTerminal({ TERM: 'xterm' })
  const line = '0/10  0%  --/min  ETA --  failed 0  needs review 0  in flight 0'
  const clear = '\r\u001b[K'
  assert.equal(written, `${clear}${line}${clear}Stopping: waiting\n${clear}${line}${clear}after the end\n`)
})

test('a terminal with TERM=dumb gets no escape codes', async () => {
  const written = await progressOnTerminal({ TERM: 'dumb' })
  assert.match(written, /^Stopping: waiting\n[^\p{Cc}]+\nafter the end\n$/u)
  assert.deepEqual(
    [isDumbTerminal({ TERM: 'dumb' }), isDumbTerminal({ TERM: 'xterm' }), isDumbTerminal({})],
    [true, false, false],
  )
})

test('an output for a program says how to get rid of the lines of npm run, where they are there', async () => {
  const program = `import { printJson } from '${TERMINAL}'\nprintJson({ a: 1 })`
  const print = (env: NodeJS.ProcessEnv) => run(process.execPath, ['--input-type=module', '-e', program], env)
  const underNpm = await print({ npm_command: 'run', npm_lifecycle_event: 'status', npm_config_loglevel: 'error' })
  assert.equal(underNpm.stdout, '{"a":1}\n')
  assert.match(underNpm.stderr, /^Note: npm run has printed .* "npx classify" [^\n]+\n$/)
  // npm 10 calls its command run-script, npm 11 calls it run.
  assert.equal(hasNpmPrinted({ npm_command: 'run-script', npm_lifecycle_event: 'status' }), true)
  assert.equal(hasNpmPrinted({ npm_command: 'exec', npm_lifecycle_event: 'npx' }), false)
  const silent = { npm_command: 'run', npm_lifecycle_event: 'status', npm_config_loglevel: 'silent' }
  assert.equal(hasNpmPrinted(silent), false)
  assert.equal(hasNpmPrinted({}), false)
})
