/** The pool of database connections: what the kernel is told about them. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { createPool } from '../../../src/store/pool.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** In /proc/net/tcp: an established connection, and the timer of its probes. */
const ESTABLISHED = '01'
const PROBE_TIMER = '02'
const TICKS_A_SECOND = 100

/** Seconds until the kernel probes the connection to `port` on 127.0.0.1; undefined where it will not. */
async function secondsToProbe(port: number): Promise<number | undefined> {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/))
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const [kind, ticks] = lines.find(([, , to, state]) => to === remote && state === ESTABLISHED)?.[5]?.split(':') ?? []
  return kind === PROBE_TIMER ? Number.parseInt(ticks ?? '', 16) / TICKS_A_SECOND : undefined
}

const skip = process.platform === 'linux' ? false : 'only Linux shows the timers of connections'

test('an idle connection is probed after seconds, so that one that was cut off is given up', { skip }, async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const pool = createPool({ connectionString: `postgres://u:p@127.0.0.1:${port}/d`, log: pino({ level: 'silent' }) })
  const asked = pool.query('select 1').catch(() => undefined)
  try {
    const left = await waitUntil('the kernel is told when to probe', () => secondsToProbe(port))
    assert.ok(left <= 5, `${left} s`)
  } finally {
    for (const socket of sockets) socket.destroy()
    await asked
    await pool.end()
    server.close()
  }
})
