/** The registration of the replicas with nodes over real HTTP that fail at first. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { DEPLOYMENT_URI, registerDeployment, verifyDeployment } from '../../../../src/cli/cluster/register.ts'
import { freePort } from '../../../../src/embedded/ports.ts'

const signal = new AbortController().signal
const soon = { signal, patienceMs: 60_000, delayMs: 1 }
const once = { signal, patienceMs: 0 }
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
      assert.equal(await registerDeployment([dead, url], soon), 'dp_1')
    },
  )
})

test('a registration that meets 502 while the replicas start is tried again until they answer', async () => {
  let asked = 0
  await withAdmin(
    ({ index }) => {
      asked = index + 1
      if (index < 3) return { status: 502, body: { message: '[META0003] bad status code: 502 Bad Gateway' } }
      return { status: 201, body: { id: 'dp_2' } }
    },
    async (url) => {
      assert.equal(await registerDeployment([url], soon), 'dp_2')
    },
  )
  assert.equal(asked, 4)
})

test('a registration that fails at every node says once what each answered last, without the page that NGINX answered', async () => {
  await withAdmin(
    // What Restate 1.7.12 says while no replica answers.
    ({ index }) => ({
      status: 500,
      body: {
        message: `[META0003] [META0003] got status code '502 Bad Gateway'. Response headers: {"date": "${index}"}. Body: <html>`,
      },
    }),
    async (url) => {
      const dead = `http://127.0.0.1:${await freePort()}`
      await assert.rejects(registerDeployment([url, `${url}/`, dead], once), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`^ {2}${url}, ${url}/: it answered 500: .META0003. got status code '502 Bad Gateway'$`, 'm'),
        )
        assert.match(error.message, new RegExp(`^ {2}${dead}: `, 'm'))
        return true
      })
    },
  )
})

test('a registration that fails until the deadline says what the node answered', async () => {
  await withAdmin(
    () => ({ status: 503, body: { message: 'no leader' } }),
    async (url) => {
      await assert.rejects(registerDeployment([url], once), {
        code: 'admin-failed',
        message: /could not be registered in \d+ s and 1 attempts.*\n {2}http:.* answered 503: .*no leader/,
      })
    },
  )
})

test('the check waits until every node lists the deployment, and names a node that does not', async () => {
  await withAdmin(
    ({ index }) => ({ body: index === 0 ? { deployments: [] } : LISTED }),
    (url) => verifyDeployment([url], 'dp_1', soon),
  )
  await withAdmin(
    () => ({ body: { deployments: [] } }),
    async (url) => {
      await assert.rejects(verifyDeployment([url], 'dp_1', once), {
        code: 'admin-failed',
        message: new RegExp(`not the same on all nodes: ${url} does not list it`),
      })
    },
  )
})
