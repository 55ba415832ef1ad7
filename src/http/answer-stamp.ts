import { REQUEST_ID_HEADER } from "./request-id.ts";

export interface AnswerStampOptions {
  /** Says no to a request before it is looked at, or null; without it none is asked. */
  readonly admit?: ((request: Request) => Response | null) | undefined;
  /** Gives a request its id. */
  readonly identify: (request: Request) => string;
  /** Makes the answer to a request whose handling threw. */
  readonly failed: (error: unknown, request: Request) => Response;
  /** Called with the status of every answer; must not throw. */
  readonly onResponse?: ((status: number) => void) | undefined;
  /** Once it says true, answers ask their clients to close the connection. */
  readonly isStopping?: (() => boolean) | undefined;
}

type Handle = (request: Request) => Response | Promise<Response>;

/**
 * Wraps the handling of requests, so that each one has an id before anything else happens and every answer passes
 * here, those to errors included. Answers that are ready at once stay synchronous: Bun then answers without
 * keeping the request.
 */
export function stampAnswers(options: AnswerStampOptions): (handle: Handle) => Handle {
  const { admit, identify, failed, onResponse, isStopping } = options;
  const stamp = (response: Response, id: string): Response => {
    response.headers.set(REQUEST_ID_HEADER, id);
    if (isStopping?.() === true) response.headers.set("connection", "close");
    onResponse?.(response.status);
    return response;
  };
  const guard = (handle: Handle): Handle =>
    admit === undefined ? handle : (request) => admit(request) ?? handle(request);
  const answerWith = (handle: Handle) => (request: Request) => {
    const id = identify(request);
    try {
      const answer = handle(request);
      if (answer instanceof Response) return stamp(answer, id);
      return answer.then(
        (response) => stamp(response, id),
        (error) => stamp(failed(error, request), id),
      );
    } catch (error) {
      return stamp(failed(error, request), id);
    }
  };
  return (handle) => answerWith(guard(handle));
}
