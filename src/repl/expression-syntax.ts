import { Script } from 'node:vm';

const MAX_MESSAGE = 1000;

/**
 * Null if the text is one expression: by itself and in brackets, so that no bracket in it closes ours. `full`: `await` is allowed.
 */
export function syntaxProblem(text: string, full: boolean): string | null {
  const [open, close] = full ? ['async () => {', '}'] : ['', ''];
  return (
    parseProblem(`${open}\n${text}\n${close}`) ?? parseProblem(`${full ? 'async ' : ''}() => (\n${text}\n)`)
  );
}

export function statementProblem(text: string): string | null {
  return parseProblem(`async () => {\n${text}\n}`);
}

/** Parses and does not run. */
function parseProblem(source: string): string | null {
  try {
    new Script(source);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
  }
}
