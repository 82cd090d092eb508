/** Members of a body of JSON, each read as what it has to be; what is not is an error of Telnyx. */
import type { JsonFields } from '../json.ts';
import { type TelnyxError, telnyxError } from './errors.ts';

export class FieldReader {
  /** The first that was wrong. */
  wrong: TelnyxError | undefined;
  readonly #fields: JsonFields;

  constructor(fields: JsonFields) {
    this.#fields = fields;
  }

  /** Undefined where there is none, as null or an empty text is. */
  text(name: string): string | undefined {
    const value = this.#fields[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    this.refuse(name, 10015, `'${name}' must be one text`);
    return undefined;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined) this.refuse(name, 10004, `'${name}' is needed`);
    return value ?? '';
  }

  texts(name: string): readonly string[] {
    const value = this.#fields[name];
    if (value === undefined || value === null) return [];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    this.refuse(name, 10015, `'${name}' must be a list of texts`);
    return [];
  }

  /** An address that may be called. */
  url(name: string, guard: (url: string) => string | undefined): string | undefined {
    const url = this.text(name);
    const refusal = url === undefined ? undefined : guard(url);
    if (refusal !== undefined) this.refuse(name, 10003, `'${name}' ${refusal}`, 400);
    return url;
  }

  refuse(name: string, code: number, detail?: string, status = 422): void {
    this.wrong ??= telnyxError(status, code, `/${name}`, detail);
  }
}
