import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { foldText } from "../../domain/fold-text.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { CatalogueCommands } from "./commands.ts";
import { CatalogueQueries } from "./queries.ts";
import { SAMPLE_PRODUCTS } from "./sample-products.ts";
import { StockWriter } from "./stock-writer.ts";

let store: StoreHarness;
let queries: CatalogueQueries;

beforeEach(() => {
  store = new StoreHarness();
  store.modules.push(new CatalogueCommands(store.context));
  queries = new CatalogueQueries(store.database);
  store.execute("catalogue.fill", {}, 1_000);
});
afterEach(() => store.close());

const names = (text: string) => queries.byName(text).map(({ name }) => name);

test("46 products of different names, each with a price and a stock", () => {
  expect(SAMPLE_PRODUCTS).toHaveLength(46);
  expect(new Set(SAMPLE_PRODUCTS.map(([name]) => name)).size).toBe(46);
  expect(queries.all()).toHaveLength(46);
  expect(queries.byId(1)).toEqual([
    {
      id: 1,
      name: "Café Torrado e Moído 500 g",
      price: 18.9,
      quantity: 240,
      createdAt: "1970-01-01T00:00:01.000Z",
      updatedAt: "1970-01-01T00:00:01.000Z",
    },
  ]);
  expect(queries.byId(47)).toEqual([]);
});

test("filling it again changes nothing, sold pieces included", () => {
  store.transact(() => new StockWriter(store.context).take(1, 40, 2_000));
  expect(store.execute("catalogue.fill", {}, 3_000)).toEqual({ kind: "filled", created: 0 });
  expect(queries.byId(1)[0]).toMatchObject({ quantity: 200, updatedAt: "1970-01-01T00:00:02.000Z" });
  expect(queries.all()).toHaveLength(46);
});

describe("the search", () => {
  test.each([
    ["café", 1],
    ["CAFE", 1],
    ["torrado e mo", 1],
    ["açúcar", 1],
    ["ACUCAR", 1],
    ["feijão", 2],
    ["eijao", 2],
    ["castanha", 2],
    ["%", 1],
    ["39/40", 1],
    ["l", 1],
    ["nothing like it", 0],
  ])("%p finds at least %p", (text, atLeast) => {
    const found = names(text);
    const expected = SAMPLE_PRODUCTS.map(([name]) => name).filter((name) =>
      foldText(name).includes(foldText(text)),
    );
    expect(found).toEqual(expected);
    expect(found.length).toBeGreaterThanOrEqual(atLeast);
  });

  test("every part of every name, of one to six characters, finds it", () => {
    for (const [index, [name]] of SAMPLE_PRODUCTS.entries()) {
      const start = (index * 7) % (name.length - 6);
      for (let length = 1; length <= 6; length++) {
        expect(names(name.slice(start, start + length).toUpperCase())).toContain(name);
      }
    }
  });

  test.each([
    '"',
    '""',
    "'; DROP TABLE products --",
    "* OR caf*",
    "name:caf",
    "\u0000\u0000\u0000",
    "\ud800abc",
    "😀😀😀",
    " ".repeat(500),
  ])("%p is text to look for, and no command", (text) => {
    expect(() => names(text)).not.toThrow();
  });

  test("follows stock, price and name in the very transaction that changes them", () => {
    const { sqlite } = store.database;
    store.transact(() => {
      new StockWriter(store.context).take(1, 240, 9_000);
      expect(queries.byName("café torrado")[0]?.quantity).toBe(0);
      sqlite.run("UPDATE products SET price_ten_thousandths = 195000 WHERE id = 1");
      expect(queries.byName("café torrado")[0]?.price).toBe(19.5);
      sqlite.run("UPDATE products SET name = 'Chá Mate', folded_name = 'cha mate' WHERE id = 1");
    });
    expect(names("café torrado")).toEqual([]);
    expect(queries.byName("chá")[0]).toMatchObject({ id: 1, price: 19.5, quantity: 0 });
    sqlite.run("DELETE FROM products WHERE id = 1");
    expect(names("chá mate")).toEqual([]);
  });

  test("at most 100 products", () => {
    const { sqlite } = store.database;
    const insert = sqlite.query("INSERT INTO products VALUES (?, ?, ?, 10000, 1, 0, 0)");
    for (let id = 100; id < 260; id++) insert.run(id, `Peça ${id}`, `peca ${id}`);
    expect(queries.byName("peça")).toHaveLength(100);
    expect(queries.byName("p")).toHaveLength(100);
    expect(queries.all()).toHaveLength(100);
  });
});

test("stock never falls below 0, not even past the code", () => {
  const stock = new StockWriter(store.context);
  expect(stock.take(43, 11, 1)).toBe(false);
  expect(stock.take(999, 1, 1)).toBe(false);
  expect(stock.find(43)?.quantity).toBe(10);
  expect(() => store.database.sqlite.run("UPDATE products SET quantity = -1 WHERE id = 43")).toThrow();
});
