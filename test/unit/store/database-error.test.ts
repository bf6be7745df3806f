/** Which failures of the database are worth a retry, and that no message repeats the server's text. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { toDatabaseError } from '../../../src/store/database-error.ts'

const fromServer = (code: string, more: object = {}) =>
  Object.assign(new Error('Key (name)=(hidden) is wrong'), { severity: 'ERROR', code, detail: 'hidden', ...more })

describe('toDatabaseError', () => {
  const unavailable = {
    'a terminated session': fromServer('57P01'),
    'a server that starts up': fromServer('57P03'),
    'too many connections': fromServer('53300'),
    'a full disk': fromServer('53100'),
    'a deadlock': fromServer('40P01'),
    'a serialization failure': fromServer('40001'),
    'a connection failure': fromServer('08006'),
    'what PgBouncer says': fromServer('08P01'),
    'a read-only server': fromServer('25006'),
    'a refused connection': Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '10.0.0.1', port: 5432 }),
    'refused on every address': Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
    'a reset connection': Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    'an unknown host': Object.assign(new Error('x'), { code: 'ENOTFOUND', hostname: 'postgres' }),
    'a silent server': new Error('Query read timeout'),
    'no free connection': new Error('timeout exceeded when trying to connect'),
    'a connection that ended': new Error('Connection terminated unexpectedly'),
    'a pool that closes': new Error('Cannot use a pool after calling end on the pool'),
  }
  for (const [name, error] of Object.entries(unavailable)) {
    it(`is worth a retry: ${name}`, () => {
      assert.equal(toDatabaseError(error, 'save a batch').code, 'database-unavailable')
    })
  }

  const failed = {
    'a missing table': fromServer('42P01'),
    'a broken constraint': fromServer('23514'),
    'a bad value': fromServer('22P02'),
    'a wrong password': fromServer('28P01'),
    'a missing database': fromServer('3D000'),
    'a defect of this code': new TypeError('hidden is not a function'),
    'something that is no error': 'hidden',
    'a code that only looks like one of the server': Object.assign(new Error('hidden'), { code: '57P01' }),
  }
  for (const [name, error] of Object.entries(failed)) {
    it(`is a defect: ${name}`, () => {
      assert.equal(toDatabaseError(error, 'save a batch').code, 'database-failed')
    })
  }

  it('never repeats the text of the server', () => {
    for (const error of [...Object.values(unavailable), ...Object.values(failed)]) {
      const { message, stack, cause } = toDatabaseError(error, 'save a batch')
      assert.doesNotMatch(`${message} ${stack} ${cause instanceof Error ? cause.stack : cause}`, /hidden/)
    }
  })

  it('names state, constraint and address', () => {
    const broken = fromServer('23514', { constraint: 'positive', table: 'things' })
    assert.equal(
      toDatabaseError(broken, 'save a batch').message,
      'The database failed to save a batch: SQLSTATE 23514, constraint positive, table things',
    )
    assert.match(toDatabaseError(unavailable['a refused connection'], 'x').message, /ECONNREFUSED 10\.0\.0\.1:5432$/)
  })

  it('returns a ServiceError as it is', () => {
    const known = new ServiceError('database-failed', 'known')
    assert.equal(toDatabaseError(known, 'save a batch'), known)
  })
})
