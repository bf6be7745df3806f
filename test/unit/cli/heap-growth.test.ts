/** Which commands run with a limited heap, and what that means for the modules that they compile. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mayReadMuch } from '../../../src/cli/heap-growth.cjs'
import { runCli } from '../../helpers/cli.ts'

let folder: string
const at = (name: string) => join(folder, name)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heap-growth-'))
  const small = ['few.csv', 'few.jsonl', 'few.csv.gz', 'few.parquet', 'few', 'book.yaml']
  for (const name of small) await writeFile(at(name), 'id,name\n1,CPI\n')
  await writeFile(at('many.csv'), `id,name\n${'1,CPI\n'.repeat(200_000)}`)
})

after(async () => {
  await rm(folder, { recursive: true })
})

test('the heap is limited for a command that may read more than a small file, and for no other', () => {
  const cases: readonly (readonly [boolean, readonly string[]])[] = [
    [false, ['classify', at('few.csv')]],
    [false, ['inspect', at('few.jsonl'), '--json']],
    [false, ['all-in-one', '--codebook', at('book.yaml'), at('few.csv'), '--out', at('new.parquet')]],
    [false, ['classify', at('few.csv'), '--name', 'x'.repeat(10_000), 'a\0b']],
    [true, ['classify', at('many.csv')]],
    [true, ['classify', at('few.csv'), '--out', at('many.csv')]],
    // What is packed may be large, and what a file is without an ending is not known yet.
    [true, ['classify', at('few.csv.gz')]],
    [true, ['classify', at('few.parquet'), '--mapping', at('book.yaml')]],
    [true, ['classify', at('few')]],
    [true, ['classify', at('away.csv')]],
    [true, ['classify', '/dev/null']],
    [true, ['classify', '-', '--codebook', at('book.yaml')]],
    [true, ['classify', '--resume', 'run-1', '--out', at('few.csv')]],
    [true, ['classify', '--from=postgres://db/x', '--out', at('few.csv')]],
    [true, ['classify', 's3://bucket/key.csv', '--out', at('few.csv')]],
    [false, ['export', '--out', at('many.csv')]],
    [false, []],
  ]
  for (const [expected, args] of cases) assert.equal(mayReadMuch(args), expected, args.join(' '))
})

test('a command with a limited heap keeps its compiled modules apart, because no other command could use them', async () => {
  const cacheOf = async (...args: string[]) => {
    const { stderr } = await runCli([...args, '--help'], { env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' } })
    const folders = [...stderr.matchAll(/resolved path .* -> (.*)/g)].map(([, found]) => found)
    assert.equal(folders.length, 1, 'the cache is opened once')
    return folders[0]
  }
  const other = await cacheOf('runs')
  assert.notEqual(await cacheOf('classify'), other)
  assert.equal(await cacheOf('classify', at('few.csv')), other)
})
