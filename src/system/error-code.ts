/** The system's word for an error ("ECONNREFUSED"), or its message when it has none. */
export function errorCode(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}
