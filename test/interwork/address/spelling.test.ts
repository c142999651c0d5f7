import assert from 'node:assert/strict';
import { SpellingTable } from '../../../src/interwork/address/spelling.js';

describe('RFC 3261 §19.1.4: the spelling of SIP users', () => {
  it('the first that was seen stays', () => {
    const table = new SpellingTable();
    assert.ok(table.empty);
    table.see('romeo@example.net', 'Romeo');
    table.see('romeo@example.net', 'ROMEO');
    assert.equal(table.spellingOf('romeo@example.net'), 'Romeo');
    assert.ok(!table.empty);
  });

  it('a registered one goes before it, and can be taken back', () => {
    const table = new SpellingTable();
    table.see('romeo@example.net', 'Romeo');
    table.register('romeo@example.net', 'roMEO');
    assert.equal(table.spellingOf('romeo@example.net'), 'roMEO');
    table.unregister('romeo@example.net');
    assert.equal(table.spellingOf('romeo@example.net'), 'Romeo');
  });

  it('strangers cannot fill it', () => {
    const table = new SpellingTable({ seen: 100 });
    table.register('a@example.net', 'A');
    for (let count = 0; count < 1000; count++) table.see(`x${count}@example.net`, `X${count}`);
    const known = Array.from({ length: 1000 }, (_, count) => table.spellingOf(`x${count}@example.net`)).filter(Boolean);
    assert.equal(known.length, 100);
    assert.equal(table.spellingOf('x999@example.net'), 'X999');
    assert.equal(table.spellingOf('a@example.net'), 'A');
  });

  it('can be switched off', () => {
    const table = new SpellingTable({ seen: 0 });
    table.see('a@example.net', 'A');
    assert.ok(table.empty);
  });
});
