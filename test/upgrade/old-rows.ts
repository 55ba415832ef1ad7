/**
 * Rows for every migration, in its own words: what a database held that had been migrated so far and no further. The key is
 * the number of migrations; tables that a migration makes are filled by its statements.
 */
const ID = "x'000102030405060708090a0b0c0d0e0f'";
const OTHER_ID = "x'101112131415161718191a1b1c1d1e1f'";

export const OLD_ROWS: Readonly<Record<number, readonly string[]>> = {
  1: [
    "INSERT INTO replicas VALUES (1, 'r1', 3, -1763600000000, 'abc', 4711)",
    "UPDATE state SET purge_generation = 2",
    `INSERT INTO payments VALUES (1, ${ID}, 1990, 1, 2, 1763600000000, 1763600000005, 1763600000009, 299, 2, 'http_500')`,
    `INSERT INTO payments (seq, correlation_id, amount_cents, accepted_at_ms) VALUES (2, ${OTHER_ID}, 1, 1763600000001)`,
    "INSERT INTO tasks (id, kind, subject, attempts, added_at_ms, next_attempt_at_ms, upstream) VALUES (9, 1, 2, 1, 1763600000001, 1763600000002, 1)",
    "INSERT INTO payment_events VALUES (1, 1, 1763600000003, 'attempt', 1, 'failed', 'http_500', 1.5, NULL)",
    "INSERT INTO payment_rollups VALUES (0, 1763600000005, 0, 0, 1, 1990)",
  ],
  2: [
    "INSERT INTO ledger_accounts VALUES (3, 3, 4900, 100)",
    "INSERT INTO ledger_accounts VALUES (4, 4, 0, 0)",
    "UPDATE ledger_accounts SET balance_cents = -5000 WHERE id = 1",
    "UPDATE ledger_accounts SET balance_cents = 100 WHERE id = 2",
    `INSERT INTO ledger_transfers VALUES (1, ${ID}, 2, 7, 1763600000000)`,
    "INSERT INTO ledger_entries VALUES (3, 1, 4900, 4900), (2, 1, 100, 100), (1, 1, -5000, -5000)",
    "INSERT INTO ledger_holds VALUES (1, 3, 100, 0, 1763600000000, NULL, NULL)",
  ],
  3: [
    "INSERT INTO users VALUES (1, 3, 1763600000000)",
    `INSERT INTO user_payments VALUES (1, ${ID}, 1, 2, 90, 10, 1, 1, 1, 'timeout', 1763600000000, NULL)`,
    "INSERT INTO tasks (kind, subject, added_at_ms, next_attempt_at_ms) VALUES (2, 1, 1763600000000, 1763600000000)",
    "INSERT INTO user_payment_attempts VALUES (1, 1, 1763600000001, 'unknown', 'timeout')",
    "INSERT INTO user_counters VALUES ('gateway_timeouts_total', 1)",
  ],
  4: [
    `INSERT INTO wallets VALUES (4, ${ID}, 1763600000000)`,
    `INSERT INTO wallet_operations VALUES (4, ${OTHER_ID}, 2, 100, 2, 'insufficient_funds', 0, 1763600000000)`,
  ],
  5: [`INSERT INTO idempotency_records VALUES (${ID}, ${OTHER_ID}, '{"kind":"accepted"}', 1763686400000)`],
  6: [
    "UPDATE cluster SET counter_epoch = 'e', counter_seq = 3",
    "INSERT INTO payment_counter_outbox VALUES (3, 1763600000009, '[[1763600000005,0,0,1,1990]]')",
    "UPDATE health_turns SET failing = 1, min_response_ms = 2.5 WHERE processor = 2",
    "UPDATE replicas SET purge_position = 12",
  ],
  7: [
    "INSERT INTO topic_messages VALUES (1, 0, 5, 'k', '{}', '{}', 1763600000000)",
    "INSERT INTO topic_partitions VALUES (1, 0, 6, 2)",
    "INSERT INTO dead_letters VALUES (1, 'users', '7', 1, 'N', 'M', 'C', NULL, '{}', 3, 1, 1763600000000, 1763600000000)",
    "INSERT INTO dead_letter_events VALUES (1, 1, 1763600000000, 'died', NULL, 'C', NULL)",
    "INSERT INTO requeue_jobs (id, created_at_ms, who, filter, per_second, matched, worked_at_ms) VALUES (1, 1763600000000, 'w', '{}', 10, 4, 1763600000000)",
    "INSERT INTO audit_log VALUES (1, 1763600000000, 'w', 'requeue', '1', 'requeued')",
  ],
  8: [
    "INSERT INTO products VALUES (1, 'Maçã', 'maca', 189000, 7, 1763600000000, 1763600000000)",
    `INSERT INTO reservations VALUES (${ID}, 1, '7', 3, 3, 567000, 1, 1763600000000, 1763600900000)`,
    `INSERT INTO orders (seq, id, reservation_id, product_id, user_key, user_id, quantity, total_ten_thousandths, charge_cents, description, status, attempts, card_last4, sealed_card, is_call_out, is_uncertain, created_at_ms)
       VALUES (1, ${OTHER_ID}, ${ID}, 1, '7', '7', 3, 567000, 5670, '3 x Maçã', 1, 1, '1111', 'sealed', 1, 1, 1763600000000)`,
    "INSERT INTO tasks (kind, subject, added_at_ms, next_attempt_at_ms, home) VALUES (3, 1, 1763600000000, 1763600000000, 1)",
    "INSERT INTO order_attempts VALUES (1, 1, 1763600000001, 'unknown', 'timeout')",
  ],
  9: [
    `INSERT INTO account_payments VALUES (1, ${ID}, ${OTHER_ID}, '7', 100, 'd', 1763600000000, 1, 1763600000001, 'x', 1, NULL, 1)`,
  ],
  10: ["UPDATE requeue_jobs SET action = 'discard'"],
  11: [
    "UPDATE state SET restored_at_ms = 1763600000000",
    "UPDATE orders SET called_at_ms = 1763600000000, uncertain_at_ms = 1763500000000",
    "UPDATE idempotency_records SET command = 'payments.accept'",
  ],
  12: [
    "INSERT INTO task_attempts VALUES (4, 1, 1, 7, 1763600000001, 0, 'unknown', 'http_500', 500, 1.5, 'no')",
    "UPDATE payment_events SET is_lookup = 1, status = 500, excerpt = 'no'",
  ],
};
