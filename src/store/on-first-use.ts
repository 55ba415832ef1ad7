/**
 * An object that is made when its first member is looked at. Preparing a statement costs memory and start time in
 * each thread; a replica that serves one kind of client need not pay for the statements of all others.
 *
 * @example this.#statements = onFirstUse(() => prepareStatements(orm));
 */
export function onFirstUse<Made extends object>(make: () => Made): Made {
  let made: Made | undefined;
  // A stand-in: every look goes to what `make` returned.
  return new Proxy({} as Made, {
    get: (_, key) => {
      made ??= make();
      return Reflect.get(made, key);
    },
  });
}
