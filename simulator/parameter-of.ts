import type { Parameters } from './run.ts';

/** @throws Error if there is no such parameter: a mistake in the program, since scenarios have them all */
export function parameterOf(parameters: Parameters, id: string): number {
  const value = parameters[id];
  if (value === undefined) throw new Error(`the scenario has no parameter ${id}`);
  return value;
}
