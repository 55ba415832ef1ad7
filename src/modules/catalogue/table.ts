import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const products = sqliteTable("products", {
  id: integer("id").primaryKey(),
  name: text("name").notNull().unique(),
  foldedName: text("folded_name").notNull(),
  priceTenThousandths: integer("price_ten_thousandths").notNull(),
  quantity: integer("quantity").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});
