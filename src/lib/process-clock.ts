/** Sets the wall clock of this process: what `Date` says of now, for the packages that take no clock as an option. */

/**
 * Lets `Date.now()` and `new Date()` give the time of `now`, milliseconds since 1970, in this process. Restate's SDK needs
 * it: it takes the moment at which a sleep ends from `Date.now()`, so that by a clock that is a day ahead a wait of a second
 * would last a day, and the age of a request's signature from `new Date()`, so that by a clock that is minutes off it would
 * refuse every call.
 */
export function setProcessClock(now: () => number): void {
  const Own = globalThis.Date
  // A proxy, so that `Date` stays one function with the properties, the prototype and the `instanceof` that packages know.
  globalThis.Date = new Proxy(Own, {
    construct: (target, given: [], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [Math.round(now())] : given, newTarget),
    apply: () => new Own(now()).toString(),
    get: (target, property, receiver) =>
      property === 'now' ? () => Math.round(now()) : Reflect.get(target, property, receiver),
  })
}
