/** The script that starts the cluster's NGINX: which names in Host its published port takes. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const SCRIPT = readFileSync(new URL('../../docker/nginx/start.sh', import.meta.url), 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'classify-nginx-'))
after(() => rmSync(directory, { recursive: true, force: true }))
writeFileSync(join(directory, 'nginx'), '#!/bin/sh\necho started\n', { mode: 0o755 })

/** Runs the script with a stand-in for NGINX and a folder of its own instead of /tmp, and resolves with what it wrote there. */
async function namesWith(env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', SCRIPT.replaceAll('/tmp/', `${directory}/`)], {
    env: { PATH: `${directory}:${process.env.PATH}`, ...env },
  })
  assert.equal(stdout, 'started\n')
  const file = join(directory, 'names.conf')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

test('published on this machine alone it takes the names of this machine and of ALLOWED_HOSTS', async () => {
  const hosts = 'a.example,[::2], B_c.example:'
  assert.equal(
    await namesWith({ PUBLISHED_ON: '127.0.0.1', ALLOWED_HOSTS: hosts }),
    'server_name a.example [::2] B_c.example:;\n',
  )
  assert.equal(await namesWith({ PUBLISHED_ON: '127.0.0.2' }), 'server_name 127.0.0.2;\n')
  for (const own of ['127.0.0.1', 'localhost', '::1', '[::1]']) assert.equal(await namesWith({ PUBLISHED_ON: own }), '')
  assert.equal(await namesWith({}), '')
})

test('published elsewhere it takes any name', async () => {
  for (const address of ['0.0.0.0', '10.0.0.5', '::', 'gateway.example'])
    assert.equal(await namesWith({ PUBLISHED_ON: address, ALLOWED_HOSTS: 'a.example' }), 'server_name ~^;\n')
})

test('a name that could be anything else than a name ends the start', async () => {
  for (const hosts of ['a;b', 'a.example,$host', '*.example', 'a\\b', 'a"', "a'", 'a{', 'a#'])
    await assert.rejects(namesWith({ ALLOWED_HOSTS: hosts }), /ALLOWED_HOSTS must be names of hosts/)
})
