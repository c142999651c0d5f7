import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { Element } from 'ltx';
import { StreamWriter } from '../../../src/wire/xmpp/stream-writer.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';

/** A socket whose reader takes what the test lets it take. */
class TestSocket extends Writable {
  readonly written: string[] = [];
  readonly #held: (() => void)[] = [];
  reads = true;
  half = false;

  override _write(chunk: Buffer, _encoding: string, done: (cause?: Error) => void): void {
    this.written.push(chunk.toString());
    if (this.reads) done();
    else this.#held.push(done);
  }

  override _final(done: () => void): void {
    this.half = true;
    done();
  }

  takeAll(): void {
    this.reads = true;
    for (const done of this.#held.splice(0)) done();
  }
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('the queue in front of a socket', () => {
  let socket: TestSocket;
  let clock: FakeScheduler;
  let overflows: number;
  let writer: StreamWriter;
  beforeEach(() => {
    socket = new TestSocket();
    clock = new FakeScheduler();
    overflows = 0;
    writer = new StreamWriter(socket as unknown as Socket, { clock, maxQueued: 100, onOverflow: () => overflows++ });
  });

  it('writes what one turn of the event loop queues at once', async () => {
    for (const text of ['a', 'b', 'ü']) assert.equal(writer.write(text), true);
    assert.deepEqual(socket.written, []);
    await turn();
    assert.deepEqual(socket.written, ['abü']);
  });

  it('gathers while the reader is slow, and tells since when it is', async () => {
    socket.reads = false;
    writer.write('a');
    await turn();
    const since = writer.stalledSince;
    assert.equal(since, clock.now());
    clock.advance(1_000);
    writer.write('b');
    await turn();
    writer.write('c');
    await turn();
    assert.deepEqual(socket.written, ['a']);
    assert.equal(writer.stalledSince, since);
    socket.takeAll();
    await turn();
    assert.deepEqual(socket.written, ['a', 'bc']);
    await turn();
    assert.equal(writer.stalledSince, undefined);
  });

  it('gives up a reader when more waits than the limit, once', async () => {
    socket.reads = false;
    assert.equal(writer.write('x'.repeat(60)), true);
    await turn();
    assert.equal(writer.write('x'.repeat(40)), true);
    assert.equal(overflows, 0);
    assert.equal(writer.write('x'), false);
    assert.equal(writer.write('x'), false);
    assert.equal(overflows, 1);
  });

  it('takes one text beyond the limit when nothing else waits', () => {
    assert.equal(writer.write('x'.repeat(500)), true);
    assert.equal(writer.write('x'), false);
  });

  it('calls back when what was queued before is written', async () => {
    const told: [string, boolean][] = [];
    writer.whenWritten((written) => told.push(['empty', written]));
    assert.deepEqual(told, [['empty', true]]);
    socket.reads = false;
    writer.write('a');
    writer.whenWritten((written) => told.push(['a', written]));
    await turn();
    writer.write('b');
    writer.whenWritten((written) => told.push(['b', written]));
    assert.equal(told.length, 1);
    socket.takeAll();
    await turn();
    assert.deepEqual(told.slice(1), [
      ['a', true],
      ['b', true],
    ]);
  });

  it('ends the socket after what was queued', async () => {
    writer.write('a');
    writer.end();
    assert.equal(writer.write('b'), false);
    await turn();
    assert.deepEqual(socket.written, ['a']);
    assert.equal(socket.half, true);
  });

  it('takes what a destroyed socket calls written for lost', async () => {
    const stanza = new Element('message');
    socket.reads = false;
    writer.write('1', stanza);
    await turn();
    Object.defineProperty(socket, 'destroyed', { value: true });
    socket.takeAll();
    await turn();
    assert.deepEqual(writer.abandon(), [stanza]);
  });

  it('gives back what was not written, in order, and tells those who wait', async () => {
    const [first, second, third] = ['1', '2', '3'].map((id) => new Element('message', { id }));
    const told: boolean[] = [];
    writer.write('1', first);
    await turn();
    socket.reads = false;
    writer.write('2', second);
    await turn();
    writer.write('ping');
    writer.write('3', third);
    writer.whenWritten((written) => told.push(written));
    assert.deepEqual(writer.abandon(), [second, third]);
    assert.deepEqual(told, [false]);
    assert.equal(writer.write('4'), false);
    writer.whenWritten((written) => told.push(written));
    assert.deepEqual(told, [false, false]);
    assert.deepEqual(writer.abandon(), []);
  });
});
