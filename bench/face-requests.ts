/** The messages of a bench as requests to the API of a provider. */

interface Message {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

interface FaceRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (message: Message) => string;
}

const ID = `AC${'0'.repeat(32)}`;
const SECRET = 'f'.repeat(32);
const BASIC = `Basic ${Buffer.from(`${ID}:${SECRET}`).toString('base64')}`;
const BEARER = `Bearer ${SECRET}`;

/** A face that takes JSON, by the fields of a message in its words. */
function json(path: string, authorization: string, fields: (message: Message) => object): FaceRequest {
  return {
    path,
    headers: { authorization, 'content-type': 'application/json' },
    body: (message) => JSON.stringify(fields(message)),
  };
}

/** How one message is sent, by face. */
const FACE_REQUESTS: Readonly<Record<string, FaceRequest>> = {
  twilio: {
    path: `/twilio/2010-04-01/Accounts/${ID}/Messages.json`,
    headers: { authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
    body: ({ from, to, text }) => new URLSearchParams({ To: to, From: from, Body: text }).toString(),
  },
  telnyx: json('/telnyx/v2/messages', BEARER, ({ from, to, text }) => ({ from, to, text })),
  plivo: json(`/plivo/v1/Account/${ID}/Message/`, BASIC, ({ from, to, text }) => ({ src: from, dst: to, text })),
  bandwidth: json(`/bandwidth/users/${ID}/messages`, BASIC, ({ from, to, text }) => ({
    applicationId: 'bench',
    from,
    to: [to],
    text,
  })),
  sinch: json(`/sinch/xms/v1/${ID}/batches`, BEARER, ({ from, to, text }) => ({ from, to: [to], body: text })),
  vonage: json('/vonage/sms/json', BASIC, ({ from, to, text }) => ({ from, to, text })),
};

/** Names of the faces that can be measured. */
export const MEASURED_FACES: readonly string[] = Object.keys(FACE_REQUESTS);

/** @param texts messages of our own API, as JSON texts */
export function faceRequests(
  face: string,
  texts: readonly string[],
): { readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly bodies: readonly string[] } {
  const request = FACE_REQUESTS[face];
  if (request === undefined) throw new RangeError(`no requests for the face ${face}`);
  const bodies = texts.map((text) => request.body(JSON.parse(text) as Message));
  return { path: request.path, headers: request.headers, bodies };
}
