/** Tests that reading a very large catalogue takes little memory. */
import { test } from 'node:test'
import { assertMemoryStays } from '../helpers/catalogue-memory.ts'

test('200,000 rows cost at most 20 MB more than 10,903', () => assertMemoryStays(10_903, 200_000, 20))
