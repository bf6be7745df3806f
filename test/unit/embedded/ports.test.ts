/** Ports of the embedded stack: held until their parts start, waited for where a passing connection has one, and named with their holder. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { freePort, holdPorts, isFree } from '../../../src/embedded/ports.ts'
import { findPortHolder, listenPatiently, readSockets } from '../../../src/lib/network/port-use.ts'
import { waitUntil } from '../../helpers/wait.ts'

const isLinux = process.platform === 'linux'
const never = new AbortController().signal

async function listen(port = 0): Promise<Server> {
  const server = createServer((socket) => void socket.on('error', () => undefined))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return server
}

const portOf = (server: Server) => (server.address() as AddressInfo).port
const close = (server: Server) => new Promise((resolve) => server.close(resolve))

/** A connection of this process and its own port, which the system has chosen as it does for any program. */
async function openConnection(server: Server): Promise<{ socket: Socket; port: number }> {
  const socket = connect(portOf(server), '127.0.0.1')
  await once(socket, 'connect')
  return { socket, port: socket.localPort ?? 0 }
}

test('a port that a program listens on is refused at once, with the program and the variable', async () => {
  const server = await listen()
  const port = portOf(server)
  const said: string[] = []
  const wanted = [{ port, variable: 'PORT', purpose: 'the replica' }]
  await assert.rejects(holdPorts(wanted, { say: (line) => said.push(line), signal: never }), {
    code: 'port-taken',
    message: new RegExp(
      `Port ${port} \\(the replica\\) is taken${isLinux ? ` by .*\\(pid ${process.pid}\\)` : ''}: stop .* set PORT`,
    ),
  })
  await close(server)
  if (isLinux) assert.deepEqual(said, [])
})

test('two parts with one port are refused', async () => {
  const port = await freePort()
  const doubled = ['PORT', 'ADMIN_PORT'].map((variable) => ({ port, variable, purpose: variable }))
  await assert.rejects(holdPorts(doubled, { say: () => undefined, signal: never }), {
    code: 'port-taken',
    message: /PORT and ADMIN_PORT are both/,
  })
})

test('nothing else can take a held port until it is released', async () => {
  const ports = [await freePort(), await freePort()]
  const wanted = ports.map((port, index) => ({ port, variable: `P${index}`, purpose: 'a part' }))
  const held = await holdPorts(wanted, { say: () => undefined, signal: never })
  assert.deepEqual(await Promise.all(ports.map(isFree)), [false, false])
  await held.release(ports[0] ?? 0)
  assert.deepEqual(await Promise.all(ports.map(isFree)), [true, false])
  await held.releaseAll()
  assert.deepEqual(await Promise.all(ports.map(isFree)), [true, true])
})

test('a port that an outgoing connection holds is waited for, with a line that says so', {
  skip: !isLinux,
}, async () => {
  const server = await listen()
  const { socket, port } = await openConnection(server)
  assert.equal(await isFree(port), false)
  const said: string[] = []
  const wanted = [{ port, variable: 'PORT', purpose: 'the replica' }]
  const holding = holdPorts(wanted, {
    signal: never,
    say: (line) => {
      said.push(line)
      // The connection ends as soon as the wait for it has begun.
      socket.resetAndDestroy()
    },
  })
  const held = await holding
  assert.equal(said.length, 1)
  assert.match(
    said[0] ?? '',
    new RegExp(
      `Port ${port} \\(the replica\\) is taken by an outgoing connection of .*\\(pid ${process.pid}\\), because .*; waiting`,
    ),
  )
  await held.releaseAll()
  await close(server)
})

test('a connection that stays is named in the end, and no port stays held', { skip: !isLinux }, async () => {
  const server = await listen()
  const { socket, port } = await openConnection(server)
  const free = await freePort()
  const wanted = [
    { port: free, variable: 'PORT', purpose: 'the replica' },
    { port, variable: 'ADMIN_PORT', purpose: 'Restate admin' },
  ]
  await assert.rejects(holdPorts(wanted, { say: () => undefined, signal: never, patienceMs: 1 }), {
    code: 'port-taken',
    message: new RegExp(`^Port ${port} \\(Restate admin\\) is taken by an outgoing connection of .*set ADMIN_PORT`),
  })
  assert.equal(await isFree(free), true)
  socket.resetAndDestroy()
  await close(server)
})

test('a port of a connection that has ended is waited for longer than one of a connection that may stay', {
  skip: !isLinux,
}, async () => {
  const server = await listen()
  const { socket, port } = await openConnection(server)
  // Whoever ends a connection first keeps its port for a while.
  socket.end()
  await waitUntil('the connection has ended', async () => (await findPortHolder(port)).kind === 'closing')
  const wanted = [{ port, variable: 'ADMIN_PORT', purpose: 'Restate admin' }]
  const before = performance.now()
  await assert.rejects(
    holdPorts(wanted, { say: () => undefined, signal: never, patienceMs: 1, closingPatienceMs: 700 }),
    { message: new RegExp(`^Port ${port} \\(Restate admin\\) is taken by a connection that has just ended`) },
  )
  assert.ok(performance.now() - before >= 700)
  await close(server)
})

test('a part listens once the connection that has its port is gone, and names a program that stays', {
  skip: !isLinux,
}, async () => {
  const server = await listen()
  const { socket, port } = await openConnection(server)
  let tries = 0
  const own = await listenPatiently(
    () => {
      tries += 1
      if (tries === 2) socket.resetAndDestroy()
      return listen(port)
    },
    { port, variable: 'PORT', patienceMs: 60_000 },
  )
  assert.ok(tries > 1)
  await assert.rejects(
    listenPatiently(() => listen(port), { port, variable: 'PORT', patienceMs: 1 }),
    {
      code: 'port-taken',
      message: new RegExp(`Port ${port} is taken by .*\\(pid ${process.pid}\\).*set PORT`),
    },
  )
  await Promise.all([close(own), close(server)])
})

test('the tables of the system are read: loopback and any address count, another address does not', () => {
  const row = (local: string, state: string, inode: number) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    row('0100007F:8932', '01', 11),
    row('00000000:8932', '0A', 12),
    row('0A00A8C0:8932', '01', 13),
    row('0100007F:8933', '0A', 14),
    row('00000000000000000000000000000000:8932', '0A', 15),
    row('0000000000000000FFFF00000100007F:8932', '06', 0),
  ].join('\n')
  assert.deepEqual(readSockets(table, 35_122), [
    { kind: 'connection', inode: 11 },
    { kind: 'listener', inode: 12 },
    { kind: 'listener', inode: 15 },
    { kind: 'closing', inode: 0 },
  ])
})

test('a port that nobody has is held by nobody', async () => {
  assert.deepEqual(await findPortHolder(await freePort()), { kind: 'unknown', pid: undefined, command: undefined })
})
