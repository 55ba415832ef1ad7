import { describe, expect, test } from "bun:test";
import { boolean, choice, integer, percent, port, type Setting, seconds, share } from "./setting.ts";
import { host, name, networks, path, redisUrl, secret, upstream, word } from "./text-settings.ts";

/** What each kind takes, with the value it becomes, and what it refuses. */
const KINDS: readonly {
  kind: string;
  setting: Setting;
  takes: readonly (readonly [text: string, value: unknown])[];
  refuses: readonly string[];
}[] = [
  {
    kind: "port",
    setting: port(1, ""),
    takes: [
      ["0", 0],
      ["65535", 65_535],
      ["08080", 8080],
      ["80.0", 80],
    ],
    refuses: ["", "65536", "-1", "80.5", "1e3", "0x50", " 80", "80 ", "NaN", "٣"],
  },
  {
    kind: "integer",
    setting: integer(1, [1, 8], ""),
    takes: [
      ["1", 1],
      ["8", 8],
    ],
    refuses: ["0", "9", "1.5"],
  },
  {
    kind: "seconds",
    setting: seconds(1, [0.01, 300], ""),
    takes: [
      ["0.01", 0.01],
      [".5", 0.5],
      ["300", 300],
      ["1.5000", 1.5],
      ["2.", 2],
    ],
    refuses: ["0.009", "300.001", "0.0155", "1,5", "1s", ".", "Infinity", "1_0"],
  },
  {
    kind: "share",
    setting: share(1, ""),
    takes: [
      ["0", 0],
      ["1", 1],
      ["0.000001", 0.000001],
    ],
    refuses: ["1.000001", "0.0000001", "5%", "-0.1"],
  },
  {
    kind: "percent",
    setting: percent(2, ""),
    takes: [
      ["2.5", 2.5],
      ["100", 100],
    ],
    refuses: ["100.1", "0.00001"],
  },
  {
    kind: "boolean",
    setting: boolean(false, ""),
    takes: [
      ["true", true],
      ["1", true],
      ["Yes", true],
      ["ON", true],
      ["false", false],
      ["0", false],
      ["no", false],
    ],
    refuses: ["", "2", "ja", "truee"],
  },
  { kind: "choice", setting: choice(["a", "b"], "a", ""), takes: [["b", "b"]], refuses: ["", "B", "c"] },
  {
    kind: "path",
    setting: path("", ""),
    takes: [
      ["./data", "./data"],
      ["/var/lib/my data", "/var/lib/my data"],
    ],
    refuses: ["", "a\0b", "a\nb"],
  },
  {
    kind: "host",
    setting: host("", ""),
    takes: [
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "::1"],
      ["my-host.local", "my-host.local"],
    ],
    refuses: ["", "http://h", "[::1]", "h/p", "a b"],
  },
  {
    kind: "networks",
    setting: networks(""),
    takes: [
      ["127.0.0.1", "127.0.0.1"],
      ["10.0.0.0/8, ::1,2001:db8::/32", "10.0.0.0/8,::1,2001:db8::/32"],
    ],
    refuses: ["", ",", "10.0.0.0/8,", "proxy.example", "10.0.0.0/33", "10.0.0.0-10.0.0.9", "*"],
  },
  {
    kind: "name",
    setting: name("", ""),
    takes: [
      ["api-1", "api-1"],
      ["A.b_c", "A.b_c"],
      ["x".repeat(63), "x".repeat(63)],
    ],
    refuses: ["", "..", ".x", "-x", "a/b", "a b", "x".repeat(64)],
  },
  {
    kind: "word",
    setting: word("", ""),
    takes: [["4.0", "4.0"]],
    refuses: ["", "a b", "a\r\nx: y", "x".repeat(65)],
  },
  {
    kind: "secret",
    setting: secret(""),
    takes: [["a+/=", "a+/="]],
    refuses: ["", "a b", "ä", "x".repeat(513)],
  },
  {
    kind: "upstream",
    setting: upstream(""),
    takes: [
      ["http://payment-processor-default:8080", "http://payment-processor-default:8080"],
      ["HTTP://Host:80/", "http://host"],
      ["https://h/v1/", "https://h/v1"],
      ["http://my_service:1", "http://my_service:1"],
      ["http://[::1]:81", "http://[::1]:81"],
    ],
    refuses: [
      "",
      "h:8080",
      "ftp://h",
      "http://",
      "http://u@h",
      "http://u:p@h",
      "http://h?",
      "http://h/#x",
      "http://h:99999",
    ],
  },
  {
    kind: "redisUrl",
    setting: redisUrl(""),
    takes: [
      ["redis://h", "redis://h"],
      ["rediss://:p%40@h:6380/15", "rediss://:p%40@h:6380/15"],
    ],
    refuses: ["", "h:6379", "http://h", "redis://", "redis://h/name", "redis://h?x=1", "redis:///1"],
  },
];

describe.each(KINDS)("$kind", ({ setting, takes, refuses }) => {
  test.each(takes.map(([text, value]) => ({ text, value, shown: JSON.stringify(text) })))(
    "takes $shown",
    ({ text, value }) => {
      expect(setting.parse(text)).toEqual(value as never);
    },
  );
  test.each(refuses.map((text) => ({ text, shown: JSON.stringify(text) })))("refuses $shown", ({ text }) => {
    expect(setting.parse(text)).toBeUndefined();
  });
});
