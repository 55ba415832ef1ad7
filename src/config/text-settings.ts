/** The kinds of settings that are text: paths, addresses, names, secrets. */
import { parseNetwork } from "../domain/network-address.ts";
import { type Setting, text } from "./setting.ts";

/** A path; the loader makes it absolute, so that it names the same file in every thread. */
export const path = (defaultValue: string, meaning: string): Setting<string> =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a path must not carry NUL or line ends
  text(defaultValue, { kind: "path", pattern: /^[^\x00-\x1f]+$/, expected: "a path" }, meaning);

/** An address to listen on: host name, IPv4, or IPv6 without brackets. */
export const host = (defaultValue: string, meaning: string): Setting<string> =>
  text(
    defaultValue,
    { kind: "host", pattern: /^[A-Za-z0-9._:-]{1,253}$/, expected: "a host name or an IP address" },
    meaning,
  );

/** IP addresses and networks in a row. */
export function networks(meaning: string): Setting<string> {
  return {
    ...text("", { kind: "networks", pattern: /./, expected: "" }, meaning),
    expected: "IP addresses and networks such as 127.0.0.1,10.0.0.0/8, separated by commas",
    parse: (given) => {
      const parts = given.split(",").map((part) => part.trim());
      return parts.every((part) => parseNetwork(part) !== null) ? parts.join(",") : undefined;
    },
  };
}

/** A name that is safe as part of a file name and as a label: starts with a letter or digit. */
export const name = (defaultValue: string, meaning: string): Setting<string> =>
  text(
    defaultValue,
    {
      kind: "name",
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      expected: 'at most 63 letters, digits, ".", "_" and "-", the first a letter or digit',
    },
    meaning,
  );

/** Printable text for a header's value. */
export const word = (defaultValue: string, meaning: string): Setting<string> =>
  text(
    defaultValue,
    {
      kind: "text",
      pattern: /^[\x21-\x7e]{1,64}$/,
      expected: "1 to 64 printable characters without spaces",
    },
    meaning,
  );

/** A bearer token: it travels in a header, so printable ASCII without spaces. */
export function secret(meaning: string): Setting<string> {
  const rule = {
    kind: "secret",
    pattern: /^[\x21-\x7e]{1,512}$/,
    expected: "1 to 512 printable characters without spaces",
  };
  return { ...text("", rule, meaning), secret: true };
}

/**
 * The base address of an upstream, without its trailing slash, so that `${base}/payments` is right.
 * Credentials have settings of their own; a query or fragment would be lost when a path is appended.
 */
export function upstream(meaning: string): Setting<string> {
  return {
    ...text("", { kind: "url", pattern: /./, expected: "" }, meaning),
    expected: "an http:// or https:// URL without user name, query and fragment",
    parse: (given) => {
      if (!/^https?:\/\/[^\s?#@\\]+$/i.test(given)) return undefined;
      return URL.parse(given)?.href.replace(/\/+$/, "");
    },
  };
}

/** A Redis address. It may carry a password, so it is treated as a secret. */
export function redisUrl(meaning: string): Setting<string> {
  return {
    ...text("", { kind: "url", pattern: /./, expected: "" }, meaning),
    expected: "a redis:// or rediss:// URL such as redis://:password@host:6379/0",
    secret: true,
    parse: (given) => {
      if (!/^rediss?:\/\/[^\s?#]+$/i.test(given)) return undefined;
      const url = URL.parse(given);
      const database = /^\/?\d{0,4}$/;
      return url !== null && url.hostname !== "" && database.test(url.pathname) ? given : undefined;
    },
  };
}
