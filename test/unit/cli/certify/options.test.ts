/** Which files the options of `certify` may name together. */
import assert from 'node:assert/strict'
import { link, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkOptions, refuseSameFiles } from '../../../../src/cli/certify/options.ts'

let directory: string
const at = (name: string) => join(directory, name)

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-certify-'))
  await writeFile(at('labels.csv'), 'x')
  await symlink(at('labels.csv'), at('by-link.csv'))
  await link(at('labels.csv'), at('hard.csv'))
})

after(async () => {
  await rm(directory, { recursive: true, force: true })
})

test('a file that is read is never written, by whichever options and whatever its name', async () => {
  const cases = [
    [{ labels: 'labels.csv', out: 'labels.csv' }, /^--out \S+ is the file of --labels, which would be overwritten/],
    [{ labels: 'by-link.csv', out: 'labels.csv' }, /--out \S+ is the file of --labels/],
    [{ adjudicate: 'labels.csv', cases: 'hard.csv' }, /--cases \S+ is the file of --adjudicate/],
    [{ labels: 'labels.csv', leftOver: './labels.csv' }, /--left-over \S+ is the file of --labels/],
    [{ adjudicate: 'labels.csv', certificate: 'labels.csv' }, /--certificate \S+ is the file of --adjudicate/],
    [{ labels: 'new.txt', certificate: 'new.json' }, /the page of --certificate \S+ is the file of --labels/],
    [{ out: 'new.csv', cases: 'new.csv' }, /--cases \S+ is the file of --out/],
  ] as const
  for (const [options, message] of cases) {
    const named = Object.fromEntries(Object.entries(options).map(([option, name]) => [option, at(name)]))
    await assert.rejects(refuseSameFiles(named), { code: 'input-invalid', message })
  }
})

test('standard input and standard output are no common file, and different files are taken', async () => {
  for (const options of [
    { labels: '-', out: '-' },
    { adjudicate: '-', certificate: '-' },
    { labels: at('labels.csv'), out: at('next.csv'), cases: at('cases.csv'), certificate: at('c.json') },
    { out: '-' },
  ]) {
    await refuseSameFiles(options)
    checkOptions({ run: 'run-1', ...options })
  }
})
