/** What asking the gateway looks like: a button that asks, and what went wrong said beside it. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import { mayChange } from './api.ts';

/** Does something that may fail; `wrong` says how it did, `isBusy` while it lasts. */
export function useAction() {
  const [wrong, setWrong] = useState('');
  const [isBusy, setBusy] = useState(false);
  const run = (action: () => Promise<unknown>): void => {
    setBusy(true);
    action()
      .then(() => setWrong(''))
      .catch((error: unknown) => setWrong(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(false));
  };
  return { wrong, isBusy, run };
}

/** Asks at once and again every `periodMs`, while it is shown and not `isHeld`, one question at a time. */
export function useAsked<Body>(
  question: () => Promise<Body>,
  periodMs: number,
  inputs: readonly unknown[] = [],
  isHeld = () => false,
) {
  const [answer, setAnswer] = useState<Body>();
  const [wrong, setWrong] = useState('');
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isShown = true;
    let isAsking = false;
    const once = (isWanted: () => boolean): void => {
      isAsking = true;
      question()
        .then((body) => {
          if (!isWanted()) return;
          setAnswer(body);
          setWrong('');
        })
        .catch((error: unknown) => {
          if (isShown) setWrong(error instanceof Error ? error.message : String(error));
        })
        .finally(() => (isAsking = false));
    };
    once(() => isShown);
    const timer = setInterval(() => {
      if (!isAsking && !isHeld()) once(() => isShown && !isHeld());
    }, periodMs);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, [...inputs, turn]);
  return { answer, wrong, again: () => setTurn((one) => one + 1) };
}

/** A button that can be pressed again once what it began is done. It is not `disabled` meanwhile, which would take the focus from it. */
export function ActionButton(
  props: JSX.IntrinsicElements['button'] & { readonly isBusy: boolean; readonly onClick?: () => void },
): JSX.Element {
  const { isBusy, onClick, ...rest } = props;
  return (
    <button {...rest} aria-disabled={isBusy} onClick={(event) => (isBusy ? event.preventDefault() : onClick?.())} />
  );
}

/** Whatever changes the gateway, greyed out for those who may not. */
export function Guarded({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <fieldset class="guarded" disabled={mayChange.value !== true}>
      {children}
    </fieldset>
  );
}

/** What stands in a field of a form. */
export function typedIn(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value : '';
}

/** A field that says `value` until somebody types: events that come meanwhile take nothing of what was typed. */
export function Field({ value, ...rest }: JSX.IntrinsicElements['input'] & { readonly value: string }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (field.current !== null) field.current.value = value;
  }, [value]);
  return <input {...rest} ref={field} />;
}

export function Wrong({ children }: { children: string }): JSX.Element {
  return (
    <p class="wrong" role="alert">
      {children}
    </p>
  );
}

/** Buttons of which one is chosen. */
export function Choice<Name extends string>(props: {
  readonly label: string;
  readonly names: readonly (readonly [Name, string])[];
  readonly chosen: Name | undefined;
  readonly choose: (name: Name) => void;
}): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={props.label}>
      {props.names.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={name === props.chosen} onClick={() => props.choose(name)}>
          {text}
        </button>
      ))}
    </div>
  );
}
