import { createServer } from 'node:net'
import { ServiceError } from '../errors.ts'

export interface NamedPort {
  readonly port: number
  /** The variable that sets it, for the message. */
  readonly variable: string
  readonly purpose: string
}

/** Rejects with port-taken that names every port of the list on which something listens already. */
export async function assertPortsFree(ports: readonly NamedPort[]): Promise<void> {
  const doubled = ports.find((one, index) => ports.findIndex((other) => other.port === one.port) !== index)
  if (doubled !== undefined) {
    const names = ports.filter(({ port }) => port === doubled.port).map(({ variable }) => variable)
    throw new ServiceError('port-taken', `${names.join(' and ')} are both ${doubled.port}: give each a port of its own`)
  }
  const taken: string[] = []
  for (const { port, variable, purpose } of ports) {
    if (!(await isFree(port))) {
      taken.push(`Port ${port} (${purpose}) is taken: stop what listens there, or set ${variable} to a free port`)
    }
  }
  if (taken.length > 0) throw new ServiceError('port-taken', taken.join('\n'))
}

/** A port on 127.0.0.1 that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  return await listen(0)
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await listen(port)
    return true
  } catch {
    return false
  }
}

/** Listens for a moment. Resolves with the port that was bound. */
async function listen(port: number): Promise<number> {
  const server = createServer()
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
