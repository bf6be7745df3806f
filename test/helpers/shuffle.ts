/** Random orders for simulations. */

/** Returns a new array with the members of `items` in random order (Fisher and Yates 1938, Durstenfeld 1964). */
export function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const moved = order[last] as Item
    order[last] = order[other] as Item
    order[other] = moved
  }
  return order
}
