import type { Markup } from '../markup.ts';

/** A part of the page under a heading of its own. */
export interface Section {
  /** Anchor of the links to it. */
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}
