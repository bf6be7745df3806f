import { createRateLimiter } from '../../src/llm/limiter.ts'
import { rateLimiterContract } from './rate-limiter.contract.ts'

rateLimiterContract('Bottleneck start permits', createRateLimiter)
