/** The contract of rate limiters on the one that the service has. */
import { createRateLimiter } from '../../../src/rate/limiter/limiter.ts'
import { rateLimiterContract } from './limiter.contract.ts'

rateLimiterContract('Bottleneck start permits', createRateLimiter)
