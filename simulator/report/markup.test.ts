import { describe, expect, test } from 'vitest';
import { html } from './markup.ts';

describe('a template', () => {
  test('escapes what is put into it, in text and in attributes', () => {
    const evil = `"><script>alert('x')</script>&`;
    expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p>',
    );
  });

  test('takes other templates and lists of them as they are, and null as nothing', () => {
    const items = ['a', '<b>'].map((one) => html`<i>${one}</i>`);
    expect(html`${items}${null}${7}`.text).toBe('<i>a</i><i>&lt;b&gt;</i>7');
  });

  test('takes no object for markup because it looks like it', () => {
    const forged = JSON.parse('{"text":"<script>"}') as string;
    expect(() => html`${forged}`.text).toThrow();
  });
});
