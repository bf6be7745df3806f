/** Closing several parts of a process so that one that fails to close leaves none of the others open. */

/**
 * Runs `closers` one after the other, also after one that rejects. Rejects at the end with the first error, since a later
 * one is often only its consequence.
 */
export async function closeInOrder(closers: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
