/** The types of heap-growth.cjs, which is no TypeScript, so that it can be loaded before the compile cache. */
export function isHeapLimited(): boolean
export function limitHeapGrowth(): void
export function mayReadMuch(args: readonly string[]): boolean
