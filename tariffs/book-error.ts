/** One mistake in a tariff book, at a place a person can go to. Lines and columns count from 1. */
export interface BookError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** `books/us.yaml:12:7 message`, the form editors and terminals turn into a link. */
export function formatBookError(error: BookError): string {
  return `${error.file}:${error.line}:${error.column} ${error.message}`;
}
