-- Section B. Prices and totals are ten-thousandths of a real.

CREATE TABLE products (
  id                    INTEGER PRIMARY KEY,
  name                  TEXT    NOT NULL UNIQUE,
  folded_name           TEXT    NOT NULL,
  price_ten_thousandths INTEGER NOT NULL CHECK (price_ten_thousandths > 0),
  quantity              INTEGER NOT NULL CHECK (quantity >= 0),
  created_at_ms         INTEGER NOT NULL,
  updated_at_ms         INTEGER NOT NULL
) STRICT;

-- The index holds names only and takes everything else from the product's row, so a change of stock or price
-- shows in a search from the very transaction that makes it.
CREATE VIRTUAL TABLE product_search USING fts5 (
  folded_name,
  content = 'products',
  content_rowid = 'id',
  tokenize = 'trigram remove_diacritics 1'
);
CREATE TRIGGER products_search_added AFTER INSERT ON products BEGIN
  INSERT INTO product_search (rowid, folded_name) VALUES (new.id, new.folded_name);
END;
CREATE TRIGGER products_search_renamed AFTER UPDATE OF folded_name ON products BEGIN
  INSERT INTO product_search (product_search, rowid, folded_name) VALUES ('delete', old.id, old.folded_name);
  INSERT INTO product_search (rowid, folded_name) VALUES (new.id, new.folded_name);
END;
CREATE TRIGGER products_search_deleted AFTER DELETE ON products BEGIN
  INSERT INTO product_search (product_search, rowid, folded_name) VALUES ('delete', old.id, old.folded_name);
END;

-- held: pieces that the product's stock lacks because of this reservation. For every product, stock plus the sum
-- of held never changes. user_id is JSON: clients use numbers or texts, and get back what they sent.
CREATE TABLE reservations (
  id                    BLOB    NOT NULL PRIMARY KEY,
  product_id            INTEGER NOT NULL,
  user_id               TEXT    NOT NULL,
  quantity              INTEGER NOT NULL CHECK (quantity > 0),
  held                  INTEGER NOT NULL CHECK (held >= 0),
  total_ten_thousandths INTEGER NOT NULL,
  status                INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 4),
  created_at_ms         INTEGER NOT NULL,
  expires_at_ms         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_due ON reservations (expires_at_ms) WHERE status = 0;

-- sealed_card can be opened by the process that sealed it and by nobody else; it goes when the charge is decided.
-- is_call_out: a call was handed out and has not come back. is_uncertain: an earlier call may have charged it.
CREATE TABLE orders (
  seq                   INTEGER PRIMARY KEY AUTOINCREMENT,
  id                    BLOB    NOT NULL UNIQUE,
  reservation_id        BLOB    NOT NULL UNIQUE,
  product_id            INTEGER NOT NULL,
  user_key              TEXT    NOT NULL,
  user_id               TEXT    NOT NULL,
  quantity              INTEGER NOT NULL,
  total_ten_thousandths INTEGER NOT NULL,
  charge_cents          INTEGER NOT NULL,
  description           TEXT    NOT NULL,
  status                INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 3),
  attempts              INTEGER NOT NULL DEFAULT 0,
  last_error            TEXT,
  card_last4            TEXT    NOT NULL,
  sealed_card           TEXT,
  is_call_out           INTEGER NOT NULL DEFAULT 0,
  is_uncertain          INTEGER NOT NULL DEFAULT 0,
  created_at_ms         INTEGER NOT NULL,
  ended_at_ms           INTEGER
) STRICT;
CREATE INDEX orders_of_user ON orders (user_key, product_id, created_at_ms);

CREATE TABLE order_attempts (
  id        INTEGER PRIMARY KEY,
  order_seq INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  outcome   TEXT    NOT NULL,
  code      TEXT
) STRICT;
CREATE INDEX order_attempts_of ON order_attempts (order_seq);
