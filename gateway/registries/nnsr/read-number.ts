import { parseNumberKey } from '../../../registry-cache/index.ts';

/** The key of a number written in E.164 or, as the field often does, as ten or eleven digits; negative for a refusal. */
export function readNumber(text: string): number {
  if (/^[2-9]\d{9}$/.test(text)) return parseNumberKey(`+1${text}`);
  return parseNumberKey(/^1\d{10}$/.test(text) ? `+${text}` : text);
}
