import { NotKept } from '../../messages/index.ts';

/** What somebody else answers; rejects with `NotKept` if there is no answer. */
export async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    // Without what the client hangs on its errors: the command with its arguments.
    throw new NotKept(`Redis does not say: ${error instanceof Error ? error.message : String(error)}`);
  }
}
