/** Resuming a run whose catalogue came from standard input. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { classifyFile } from '../../../../src/cli/classify/classify-file.ts'
import { createRunJournal } from '../../../../src/cli/classify/run-journal.ts'
import { readConfig } from '../../../../src/config/config.ts'

test('resuming a run of standard input on a terminal is refused instead of waiting for input', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'classify-resume-'))
  const terminal = Object.getOwnPropertyDescriptor(process.stdin, 'isTTY')
  Object.defineProperty(process.stdin, 'isTTY', { value: true, configurable: true })
  try {
    const options = { mode: 'hybrid', reuse: true, trust: 'catalogue' } as const
    await createRunJournal(dataDir, {
      ...{ run_id: 'run-1', file: '-', fingerprint: 'f', batch_size: 100, force: false },
      options,
    })
    const never = new AbortController().signal
    const config = readConfig({ DATA_DIR: dataDir })
    await assert.rejects(
      classifyFile(undefined, { ...options, batchSize: 100, resume: 'run-1' }, config, { first: never, second: never }),
      { code: 'input-invalid', message: /give the same input again: npm run classify -- - --resume run-1 < FILE/ },
    )
  } finally {
    if (terminal === undefined) Reflect.deleteProperty(process.stdin, 'isTTY')
    else Object.defineProperty(process.stdin, 'isTTY', terminal)
    await rm(dataDir, { recursive: true, force: true })
  }
})
