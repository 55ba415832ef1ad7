import { expect, test } from "bun:test";
import { clientOf, LOCAL_CLIENT } from "./client-address.ts";
import { parseNetwork } from "./network-address.ts";

const networks = (...texts: string[]) => texts.flatMap((text) => parseNetwork(text) ?? []);
const NONE = networks();
const PROXIES = networks("10.0.0.0/8", "127.0.0.1");

test("without trusted proxies it is the peer, whatever a header claims", () => {
  expect(clientOf("203.0.113.7", null, NONE)).toBe("203.0.113.7");
  expect(clientOf("203.0.113.7", "198.51.100.1", NONE)).toBe("203.0.113.7");
});

test("a peer that is no trusted proxy is not believed", () => {
  expect(clientOf("203.0.113.7", "198.51.100.1", PROXIES)).toBe("203.0.113.7");
});

test("behind a trusted proxy it is the hop that the proxy added, not what the client wrote before it", () => {
  expect(clientOf("127.0.0.1", "198.51.100.1", PROXIES)).toBe("198.51.100.1");
  expect(clientOf("127.0.0.1", "1.1.1.1, 198.51.100.1", PROXIES)).toBe("198.51.100.1");
  expect(clientOf("127.0.0.1", "1.1.1.1,198.51.100.1 ", PROXIES)).toBe("198.51.100.1");
  expect(clientOf("::ffff:127.0.0.1", "2001:db8::1", PROXIES)).toBe("2001:db8:0:0::/64");
});

test("behind a chain of trusted proxies it is the first hop from the right that is none", () => {
  expect(clientOf("127.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.1, 10.9.9.9", PROXIES)).toBe("198.51.100.1");
  expect(clientOf("127.0.0.1", "10.0.0.1, 10.9.9.9", PROXIES)).toBe("10.0.0.1");
});

test("a hop that is no address stops the search: the proxy behind it answers", () => {
  expect(clientOf("127.0.0.1", "198.51.100.1, unknown", PROXIES)).toBe("127.0.0.1");
  expect(clientOf("127.0.0.1", "198.51.100.1, unknown, 10.0.0.1", PROXIES)).toBe("10.0.0.1");
  expect(clientOf("127.0.0.1", "", PROXIES)).toBe("127.0.0.1");
  expect(clientOf("127.0.0.1", ",", PROXIES)).toBe("127.0.0.1");
});

test("who may open the unix socket is a proxy, or a program of this machine", () => {
  expect(clientOf(null, "1.1.1.1, 198.51.100.1", NONE)).toBe("198.51.100.1");
  expect(clientOf(null, null, NONE)).toBe(LOCAL_CLIENT);
});
