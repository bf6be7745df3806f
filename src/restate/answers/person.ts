/** Who a call is noted of: the person whom its body names, and the name of the token by which it came through the guard. */
export function personOf(by: string | undefined, caller: string | undefined): string | undefined {
  if (by === undefined || caller === undefined || caller === by) return by ?? caller
  return `${by} (token ${caller})`
}
