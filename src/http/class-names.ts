/** A class whose only purpose is its name. */
class Sentinel {}

/**
 * Throws if this build has changed the names of classes. Elysia tells a number that is out of range by the name of
 * the error's class (`constructor.name === "TransformDecodeError"`, compose.mjs); in a build with
 * `--minify-identifiers`, which plain `--minify` implies, it takes such a number as valid text instead. Whitespace
 * and syntax may be minified.
 */
export function requireClassNames(): void {
  if (Sentinel.name === ["Sent", "inel"].join("")) return;
  throw new Error(
    "this executable was built with --minify or --minify-identifiers, which turns validation of numbers off: " +
      "build it with --minify-syntax --minify-whitespace",
  );
}
