/** The registration of the embedded replica, over a real Unix socket that fails at first. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { registerReplica } from '../../../src/embedded/restate-server.ts'

const { signal } = new AbortController()
const uri = 'http://127.0.0.1:9080'

async function withAdminSocket(
  answer: (index: number) => { readonly status: number; readonly text: string },
  work: (adminSocket: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'register-'))
  const adminSocket = join(directory, 'admin.sock')
  let index = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, text } = answer(index)
      index += 1
      response.writeHead(status).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(adminSocket, resolve))
  try {
    await work(adminSocket)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(directory, { recursive: true, force: true })
  }
}

test('a registration that meets 502 while the replica starts again is tried again until it answers', async () => {
  let asked = 0
  await withAdminSocket(
    (index) => {
      asked = index + 1
      return index < 3 ? { status: 502, text: 'bad gateway' } : { status: 201, text: '{"id":"dp_1"}' }
    },
    (adminSocket) => registerReplica({ adminSocket, uri, signal }),
  )
  assert.equal(asked, 4)
})

test('a registration that fails until its patience is over says what Restate answered last', async () => {
  await withAdminSocket(
    () => ({ status: 502, text: 'bad gateway' }),
    async (adminSocket) => {
      await assert.rejects(registerReplica({ adminSocket, uri, signal, patienceMs: 0 }), {
        code: 'admin-failed',
        message: `Restate did not register ${uri} (502): bad gateway`,
      })
    },
  )
})
