import { Elysia, t } from "elysia";
import { parseWhole } from "../../http/paging.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import { catalogueDocs } from "./docs.ts";
import type { CatalogueQueries } from "./queries.ts";

export interface CatalogueRoutesParts {
  readonly queries: CatalogueQueries;
  readonly calls: CreatingCalls;
}

const CREATED = { message: "Products created successfully" };

/** Section B: the catalogue. */
export function catalogueRoutes({ queries, calls }: CatalogueRoutesParts) {
  return new Elysia({ name: "catalogue" })
    .post(
      "/",
      ({ request }) =>
        calls.run({
          request,
          // Clients send all kinds of bodies here, and none is looked at.
          body: null,
          command: "catalogue.fill",
          input: {},
          answer: () => Response.json(CREATED, { status: 201 }),
        }),
      { parse: "none", detail: catalogueDocs.fill },
    )
    .get("/findAll", () => Response.json(queries.all()), { detail: catalogueDocs.findAll })
    .get("/findById/:id", ({ params }) => answerById(queries, params.id), {
      params: t.Object({ id: t.String() }),
      detail: catalogueDocs.findById,
    })
    .get("/findByName/:name", ({ params }) => Response.json(queries.byName(params.name)), {
      params: t.Object({ name: t.String() }),
      detail: catalogueDocs.findByName,
    });
}

function answerById(queries: CatalogueQueries, text: string): Response {
  const id = parseWhole(text);
  return Response.json(id === null ? [] : queries.byId(id));
}
