/** What a limited heap means for the modules that a command compiles. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../../helpers/cli.ts'

test('a command with a limited heap keeps its compiled modules apart, because no other command could use them', async () => {
  const cacheOf = async (command: string) => {
    const { stderr } = await runCli([command, '--help'], { env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' } })
    const folders = [...stderr.matchAll(/resolved path .* -> (.*)/g)].map(([, folder]) => folder)
    assert.equal(folders.length, 1, 'the cache is opened once')
    return folders[0]
  }
  assert.equal(await cacheOf('status'), await cacheOf('runs'))
  assert.notEqual(await cacheOf('classify'), await cacheOf('runs'))
})
