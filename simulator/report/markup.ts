/**
 * HTML and SVG from template strings in which nothing can be forgotten: what is put into a template is escaped unless a template made it.
 * Titles, notes and ids come from files of users.
 */

/** Text that is markup already. Only `html` makes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | readonly Part[] | null;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text becomes harmless in elements and in quoted attributes, a list is set one after the other, `null` is nothing. */
export function html(written: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(written.reduce((text, next, place) => text + textOf(parts[place - 1] ?? null) + next));
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return part.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
  return part.map(textOf).join('');
}
