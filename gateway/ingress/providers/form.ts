/** Bodies of `application/x-www-form-urlencoded`, of which some parameters may come several times. */
import type { FastifyInstance } from 'fastify';
import { parse } from 'node:querystring';

export const FORM_TYPE = 'application/x-www-form-urlencoded';
/** Beyond these, parameters are not looked at. */
const PARAMETERS_MAX = 1_000;

/** Parameters by name: text, or a list of texts where a name came several times. */
export type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Has bodies of forms read as `Form`. */
export function readForms(app: FastifyInstance): void {
  app.addContentTypeParser(FORM_TYPE, { parseAs: 'string' }, (_request, body, done) => {
    done(null, formOf(body.toString()));
  });
}

export function formOf(text: string): Form {
  return parse(text, '&', '=', { maxKeys: PARAMETERS_MAX });
}

/** A form as it is written in a body. */
export function writeForm(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

/** The values of a parameter, none to many. */
export function valuesOf(form: Form, name: string): readonly string[] {
  const value = form[name];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
