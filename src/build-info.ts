/** What was built: printed by `catraca version`, logged at the start, reported by the health page. */
import { version } from "../package.json";

/** Set by scripts/build through `--define`; there are no such variables when the sources run directly. */
declare const BUILD_REVISION: string | undefined;
declare const BUILD_TARGET: string | undefined;

export interface BuildInfo {
  readonly version: string;
  /** The commit, with "-modified" when the working tree differed from it; "source" when not compiled. */
  readonly revision: string;
  readonly target: string;
  readonly bun: string;
}

export const buildInfo: BuildInfo = {
  version,
  revision: typeof BUILD_REVISION === "string" ? BUILD_REVISION : "source",
  target: typeof BUILD_TARGET === "string" ? BUILD_TARGET : `${process.platform}-${process.arch}`,
  bun: Bun.version,
};
