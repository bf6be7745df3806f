/** The registration of the replicas with nodes over real HTTP that fail at first. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { DEPLOYMENT_URI, registerDeployment, verifyDeployment } from '../../../src/cli/cluster/register.ts'
import { freePort } from '../../../src/embedded/ports.ts'

const never = new AbortController().signal
const LISTED = { deployments: [{ id: 'dp_1', uri: `${DEPLOYMENT_URI}/`, protocol_type: 'BidiStream' }] }

async function withAdmin(
  answer: (request: { readonly method: string; readonly index: number }) => { status?: number; body: unknown },
  work: (url: string) => Promise<void>,
): Promise<void> {
  let index = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status = 200, body } = answer({ method: request.method ?? '', index })
      index += 1
      response.writeHead(status).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a registration that fails at first is tried again, over all nodes', async () => {
  await withAdmin(
    ({ index }) => (index === 0 ? { status: 503, body: { message: 'no leader' } } : { body: { id: 'dp_1' } }),
    async (url) => {
      const dead = `http://127.0.0.1:${await freePort()}`
      assert.equal(await registerDeployment([dead, url], performance.now() + 60_000, never), 'dp_1')
    },
  )
})

test('a registration that fails until the deadline says what the node answered', async () => {
  await withAdmin(
    () => ({ status: 503, body: { message: 'no leader' } }),
    async (url) => {
      await assert.rejects(registerDeployment([url], performance.now(), never), {
        code: 'admin-failed',
        message: /could not be registered\. .* answered 503: .*no leader/,
      })
    },
  )
})

test('the check waits until every node lists the deployment, and names a node that does not', async () => {
  await withAdmin(
    ({ index }) => ({ body: index === 0 ? { deployments: [] } : LISTED }),
    (url) => verifyDeployment([url], 'dp_1', performance.now() + 60_000, never),
  )
  await withAdmin(
    () => ({ body: { deployments: [] } }),
    async (url) => {
      await assert.rejects(verifyDeployment([url], 'dp_1', performance.now(), never), {
        code: 'admin-failed',
        message: new RegExp(`not the same on all nodes: ${url} does not list it`),
      })
    },
  )
})
