/** Messages, one to a line; each leads to all that is known of it. They hold still while somebody is about to choose one. */
import type { JSX } from 'preact';
import { endOf, timeOf } from './explain.ts';
import { dollars, type Message, nameOf } from './figures.ts';

export function MessageTable(props: {
  readonly messages: readonly Message[];
  readonly empty: string;
  readonly chosen?: string;
  /** What stands for a message without a text. */
  readonly noText?: string;
}): JSX.Element {
  if (props.messages.length === 0) return <p class="empty">{props.empty}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Messages" data-held>
      <table class="messages">
        <thead>
          <tr>
            <th scope="col">Time, UTC</th>
            <th scope="col">Message</th>
            <th scope="col">From</th>
            <th scope="col">Number was</th>
            <th scope="col">Carrier</th>
            <th scope="col">Became</th>
            <th scope="col">Paid</th>
          </tr>
        </thead>
        <tbody>
          {props.messages.map((message) => (
            <tr key={message.id} aria-current={message.id === props.chosen ? 'true' : undefined}>
              <td>{timeOf(message.acceptedAt)}</td>
              <td class="text">
                <div>
                  <span class="badge" data-truth={message.truth}>
                    {message.truth}
                  </span>
                  <a href={`#messages/${message.id}`}>
                    {message.text === '' ? (props.noText ?? '(no text)') : message.text}
                  </a>
                </div>
              </td>
              <td>{message.from}</td>
              <td>
                <span class="badge" data-class={message.registration}>
                  {nameOf(message.registration)}
                </span>
              </td>
              <td>{nameOf(message.carrier)}</td>
              <td>
                <span class="badge" data-end={endOf(message)}>
                  {endOf(message)}
                </span>
              </td>
              <td class="figure">{dollars(message.price.totalMicros)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
