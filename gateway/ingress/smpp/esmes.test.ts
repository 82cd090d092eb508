import { describe, expect, it } from 'vitest';
import { Status } from '../../smpp/index.ts';
import { type DeclaredEsme, Esme, Esmes } from './esmes.ts';

const declared: DeclaredEsme = {
  account: 'acme',
  systemId: 'acme1',
  password: 'secret',
  binds: 2,
  window: 50,
  addresses: [],
};
const bind = { canReceive: true, hasRoom: true, deliver: () => undefined };

function found(esmes: Esmes, systemId: string, password: string, address = '10.0.0.1'): Esme | number {
  return esmes.find({ systemId, password }, address);
}

describe('a declared ESME', () => {
  const esmes = new Esmes([declared], true);

  it('is let in with its password, and nobody else is', () => {
    const esme = found(esmes, 'acme1', 'secret');
    expect(esme).toBeInstanceOf(Esme);
    expect(esme).toMatchObject({ account: 'acme', window: 50 });
    expect(found(esmes, 'acme1', 'Secret')).toBe(Status.InvalidPassword);
    expect(found(esmes, 'acme1', '')).toBe(Status.InvalidPassword);
    expect(found(esmes, 'other', 'secret')).toBe(Status.InvalidSystemId);
    expect(found(esmes, '', '')).toBe(Status.InvalidSystemId);
  });

  it('may bind as often as it was given', () => {
    const own = new Esmes([declared], false);
    const esme = found(own, 'acme1', 'secret') as Esme;
    esme.sessions.add({ ...bind });
    expect(found(own, 'acme1', 'secret')).toBe(esme);
    esme.sessions.add({ ...bind });
    expect(found(own, 'acme1', 'secret')).toBe(Status.BindFailed);
    expect(found(own, 'acme1', 'wrong')).toBe(Status.InvalidPassword);
  });

  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['11.1.2.3', false],
    ['192.168.7.7', true],
    ['192.168.7.8', false],
    ['2001:db8::5', true],
    ['2001:db9::5', false],
    ['', false],
  ])('may bind from addresses it was given only: %s', (address, may) => {
    const addresses = ['10.0.0.0/8', '192.168.7.7', '2001:db8::/32'];
    const own = new Esmes([{ ...declared, addresses }], false);
    expect(typeof found(own, 'acme1', 'secret', address) === 'object').toBe(may);
    if (!may) expect(found(own, 'acme1', 'secret', address)).toBe(Status.BindFailed);
  });

  it('is not told from elsewhere whether its password is right', () => {
    const own = new Esmes([{ ...declared, addresses: ['10.0.0.0/8'] }], false);
    for (const password of ['secret', 'wrong']) {
      expect(found(own, 'acme1', password, '11.1.2.3')).toBe(Status.BindFailed);
    }
  });
});

describe('where nobody is declared', () => {
  it('anybody is let in where only this machine can connect, each as himself', () => {
    const esmes = new Esmes([], true);
    const one = found(esmes, 'one', 'whatever');
    expect(one).toMatchObject({ systemId: 'one', account: 'one' });
    expect(found(esmes, 'one', 'else')).toBe(one);
    expect(found(esmes, 'two', '')).not.toBe(one);
    expect(found(esmes, '', '')).toMatchObject({ account: undefined });
    expect([...esmes].map((esme) => esmes.at(esme.handle))).toEqual([...esmes]);
  });

  it('nobody is let in elsewhere', () => {
    expect(found(new Esmes([], false), 'one', 'whatever')).toBe(Status.InvalidSystemId);
  });
});
