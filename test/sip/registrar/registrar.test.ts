import assert from 'node:assert/strict';
import { noMetrics } from '../../../src/base/metrics.js';
import type { SipAnswer } from '../../../src/sip/engine.js';
import type { LocationStore, StoredBinding } from '../../../src/sip/registrar/location-store.js';
import { Registrar, type RegistrarOptions } from '../../../src/sip/registrar/registrar.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingLog } from '../../support/recording-log.js';
import { request } from '../../support/sip-messages.js';

const AOR = 'sip:romeo@example.net';

/** A store whose writes can be held back or made to fail. */
class TestStore implements LocationStore {
  readonly saved = new Map<string, readonly StoredBinding[]>();
  readonly writes: string[] = [];
  failing = false;
  hold: Promise<void> | undefined;

  async loadBindings(): Promise<ReadonlyMap<string, readonly StoredBinding[]>> {
    return this.saved;
  }

  async saveBindings(aor: string, bindings: readonly StoredBinding[]): Promise<void> {
    this.writes.push(`${aor} ${bindings.length}`);
    await this.hold;
    if (this.failing) throw new Error('the disk is full');
    if (bindings.length === 0) this.saved.delete(aor);
    else this.saved.set(aor, bindings);
  }
}

function setUp(options: RegistrarOptions = {}, store = new TestStore()) {
  const clock = new FakeScheduler();
  const log = new RecordingLog();
  return { clock, log, store, registrar: new Registrar(clock, store, noMetrics, log, options) };
}

function register(contact: string, cseq = 1, expires?: number) {
  const headers: [string, string][] = contact === '' ? [] : [['Contact', contact]];
  if (expires !== undefined) headers.push(['Expires', String(expires)]);
  return request({ method: 'REGISTER', callId: 'reg', cseq, headers });
}

function contactsOf(answer: SipAnswer): readonly string[] {
  return (answer.headers ?? []).filter(([name]) => name === 'Contact').map(([, value]) => value);
}

describe('RFC 3261 §10.3: the registrar', () => {
  it('lists every binding with the time it has left', async () => {
    const { registrar, clock } = setUp();
    await registrar.register(register('<sip:a@192.0.2.1>;expires=100'), AOR, undefined);
    clock.advance(30_000);
    const answer = await registrar.register(register('<sip:b@192.0.2.1>;q=0.5', 2), AOR, undefined);
    assert.equal(answer.status, 200);
    assert.deepEqual(contactsOf(answer), ['<sip:a@192.0.2.1>;expires=70', '<sip:b@192.0.2.1>;q=0.5;expires=3600']);
    assert.deepEqual(answer.headers?.at(-1), ['Date', 'Thu, 01 Jan 2026 00:00:30 GMT']);
  });

  it('a query changes nothing and writes nothing', async () => {
    const { registrar, store } = setUp();
    await registrar.register(register('<sip:a@192.0.2.1>'), AOR, undefined);
    const answer = await registrar.register(register('', 2), AOR, undefined);
    assert.deepEqual(contactsOf(answer), ['<sip:a@192.0.2.1>;expires=3600']);
    assert.deepEqual(store.writes, [`${AOR} 1`]);
  });

  it('says 200 only when the store has the bindings', async () => {
    const { registrar, store } = setUp();
    let release = () => {};
    store.hold = new Promise((resolve) => {
      release = resolve;
    });
    let answered = false;
    const answer = registrar.register(register('<sip:a@192.0.2.1>'), AOR, undefined).then((given) => {
      answered = true;
      return given;
    });
    await new Promise(setImmediate);
    assert.equal(answered, false);
    assert.deepEqual(registrar.bindings(AOR), []);
    release();
    assert.equal((await answer).status, 200);
    assert.equal(store.saved.get(AOR)?.[0]?.contact, 'sip:a@192.0.2.1');
    assert.equal('uri' in (store.saved.get(AOR)?.[0] ?? {}), false);
  });

  it('a store that fails leaves the bindings as they were: 500', async () => {
    const { registrar, store, log } = setUp();
    await registrar.register(register('<sip:a@192.0.2.1>'), AOR, undefined);
    store.failing = true;
    const answer = await registrar.register(register('<sip:b@192.0.2.1>', 2), AOR, undefined);
    assert.equal(answer.status, 500);
    assert.equal(registrar.bindings(AOR).length, 1);
    assert.equal(log.lines.at(-1)?.level, 'error');
    store.failing = false;
    assert.equal((await registrar.register(register('<sip:b@192.0.2.1>', 3), AOR, undefined)).status, 200);
  });

  it('REGISTERs of one AOR follow each other, so none is lost', async () => {
    const { registrar } = setUp();
    await Promise.all(
      ['a', 'b', 'c'].map((user, index) =>
        registrar.register(register(`<sip:${user}@192.0.2.1>`, index + 1), AOR, undefined),
      ),
    );
    assert.deepEqual(
      registrar.bindings(AOR).map((binding) => binding.uri.user),
      ['a', 'b', 'c'],
    );
  });

  it('finds its bindings again after a restart, but for those that expired', async () => {
    const { registrar, store, clock } = setUp();
    await registrar.register(register('<sip:a@192.0.2.1>;expires=100, <sip:b@192.0.2.1>'), AOR, 'udp:203.0.113.1:4000');
    const again = new Registrar(clock, store, noMetrics, new RecordingLog());
    clock.advance(100_000);
    await again.load();
    assert.deepEqual(
      again.bindings(AOR).map(({ contact, receivedFrom }) => [contact, receivedFrom]),
      [['sip:b@192.0.2.1', 'udp:203.0.113.1:4000']],
    );
  });

  it('a stored Contact that is no URI is left out with a warning', async () => {
    const { registrar, store, log, clock } = setUp();
    const expiresAt = clock.now() + 1000;
    store.saved.set(AOR, [{ contact: 'nonsense', callId: 'x', cseq: 1, q: 1, expiresAt }]);
    await registrar.load();
    assert.deepEqual(registrar.bindings(AOR), []);
    assert.equal(log.lines[0]?.level, 'warn');
  });

  it('expired bindings are not used, and purging takes them out of the store', async () => {
    const { registrar, store, clock } = setUp();
    await registrar.register(register('<sip:a@192.0.2.1>;expires=60'), AOR, undefined);
    await registrar.register(register('<sip:b@192.0.2.1>;expires=600', 2), AOR, undefined);
    clock.advance(60_000);
    assert.equal(registrar.bindings(AOR).length, 1);
    await registrar.purge();
    assert.equal(store.saved.get(AOR)?.length, 1);
    clock.advance(600_000);
    await registrar.purge();
    assert.equal(store.saved.has(AOR), false);
    const writes = store.writes.length;
    await registrar.purge();
    assert.equal(store.writes.length, writes);
  });

  it('AORs are bounded: 503 with Retry-After', async () => {
    const { registrar } = setUp({ maxAors: 1 });
    await registrar.register(register('<sip:a@192.0.2.1>'), AOR, undefined);
    const answer = await registrar.register(register('<sip:a@192.0.2.1>'), 'sip:tybalt@example.net', undefined);
    assert.equal(answer.status, 503);
    assert.equal((await registrar.register(register('<sip:a@192.0.2.1>', 2), AOR, undefined)).status, 200);
  });
});
