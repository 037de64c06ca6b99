/**
 * What a call answers; undefined when what it asks for is not there: nothing of that name, a service that does not run, a
 * node that is older than this prompt. Any other failure is thrown on.
 */
export async function unlessMissing<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Object && "code" in error && MISSING.includes(error.code)) return undefined;
    throw error;
  }
}

/** NOT_FOUND, UNIMPLEMENTED and UNAVAILABLE, as numbers of gRPC. */
const MISSING: readonly unknown[] = [5, 12, 14];
