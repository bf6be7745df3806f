/** What the package exports: the client, its error, and the types of bodies and answers. */
export type * from './answer-types.ts'
export { ClassifyError } from './classify-error.ts'
export {
  type Answer,
  type CallOptions,
  type ClassifyClient,
  type ClassifyClientOptions,
  createClassifyClient,
  type Handle,
  type LabelledResult,
  type SubmitOptions,
  type Submitted,
} from './client.ts'
export type * from './report-types.ts'
export type * from './request-types.ts'
