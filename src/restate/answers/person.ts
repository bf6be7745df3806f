/** Who a call is noted of: the person whom its body names, and the name of the token by which it came through the guard. */

/** A program may call for several people by one token, so both are noted. Undefined where neither is known. */
export function personOf(by: string | undefined, caller: string | undefined): string | undefined {
  if (by === undefined || caller === undefined || caller === by) return by ?? caller
  return `${by} (token ${caller})`
}
