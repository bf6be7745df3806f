/** How a command ends, whatever happens to it: each in a process of its own, since signals and errors are a process's. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'

const TERMINAL = new URL('../../../src/cli/ui/terminal.ts', import.meta.url).href

/** Runs `body` with everything of terminal.ts in scope; resolves with what it printed. */
async function runProgram(body: string, whenItSays: Readonly<Record<string, NodeJS.Signals>> = {}): Promise<string> {
  const names = 'aborted, isInterrupted, say, surviveClosedOutputs, underInterrupts'
  const program = `import { ${names} } from '${TERMINAL}'\n${body}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    for (const [word, signal] of Object.entries(whenItSays)) if (text.includes(word)) child.kill(signal)
  })
  await new Promise((resolve) => child.once('close', resolve))
  return said
}

test('an error that nobody caught lets the work end before it ends the process', async () => {
  const said = await runProgram(`
    const work = async ({ first }) => {
      setTimeout(() => { throw new Error('nobody caught me') }, 10)
      await aborted(first)
      await new Promise((resolve) => setTimeout(resolve, 20))
      console.log('stopped in order')
    }
    await underInterrupts(() => console.log('told'), work).catch((error) => console.log(error.message))
  `)
  assert.equal(said, 'told\nstopped in order\nnobody caught me\n')
})

test('the first signal is told from the second, and its reason is an interrupt', async () => {
  const said = await runProgram(
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
  assert.equal(said, 'ready\nfirst true\nagain\nsecond\n')
})
