import { CREATING_ANSWERS, IDEMPOTENCY_KEY, jsonAnswer, pathParameter } from "../../http/route-docs.ts";

/** What the OpenAPI document says of the catalogue. */
const TAGS = ["Catalogue"];
const PRODUCT = {
  id: 1,
  name: "Café Torrado e Moído 500 g",
  price: 18.9,
  quantity: 240,
  createdAt: "2025-07-15T12:34:56.123Z",
  updatedAt: "2025-07-15T12:40:00.000Z",
};

export const catalogueDocs = {
  fill: {
    tags: TAGS,
    summary: "Fill the catalogue with 46 sample products",
    description: "Those that are there already stay as they are. No body is needed.",
    parameters: [IDEMPOTENCY_KEY],
    responses: {
      201: jsonAnswer("They are there.", { message: "Products created successfully" }),
      ...CREATING_ANSWERS,
    },
  },
  findAll: {
    tags: TAGS,
    summary: "Up to 100 products",
    responses: { 200: jsonAnswer("The products.", [PRODUCT]) },
  },
  findById: {
    tags: TAGS,
    summary: "One product",
    parameters: [pathParameter("id", { type: "integer" })],
    responses: { 200: jsonAnswer("An array of that product, or an empty one.", [PRODUCT]) },
  },
  findByName: {
    tags: TAGS,
    summary: "Up to 100 products whose name contains a text",
    description:
      "Letter case and accents do not matter. Stock and price are those of the last commit, always.",
    parameters: [pathParameter("name", { type: "string" })],
    responses: { 200: jsonAnswer("The products.", [PRODUCT]) },
  },
};
