/** Finds the fields of an object that a validator never read, because its schema does not know them. */

export interface WatchedValue {
  /** The same value, which notes what is read of it. */
  readonly value: unknown
  /** The fields of each object that were read. */
  readonly reads: ReadonlyMap<object, ReadonlySet<string>>
}

/** Wraps a value so that reads of its fields, at any depth, are noted. */
export function watchReads(root: unknown): WatchedValue {
  const reads = new Map<object, Set<string>>()
  const wrapped = new WeakMap<object, object>()
  const wrap = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = wrapped.get(value)
    if (known !== undefined) return known
    const names = new Set<string>()
    reads.set(value, names)
    const proxy = new Proxy(value, {
      get(target, name, receiver) {
        if (typeof name === 'string') names.add(name)
        return wrap(Reflect.get(target, name, receiver))
      },
    })
    wrapped.set(value, proxy)
    return proxy
  }
  return { value: wrap(root), reads }
}

/** The paths of the fields that were not read. What lies below such a field is not looked at. */
export function findUnread(root: unknown, { reads }: WatchedValue, path = ''): string[] {
  if (typeof root !== 'object' || root === null) return []
  if (Array.isArray(root))
    return root.flatMap((item, index) => findUnread(item, { value: item, reads }, `${path}/${index}`))
  const names = reads.get(root)
  // A validator that takes any value reads none of its fields.
  if (names === undefined || names.size === 0) return []
  return Object.entries(root).flatMap(([name, value]) => {
    return names.has(name) ? findUnread(value, { value, reads }, `${path}/${name}`) : [`${path}/${name}`]
  })
}
