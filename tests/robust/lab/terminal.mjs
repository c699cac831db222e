/* terminal.mjs URL TOKEN: see browser_test.py. */
import { Assay, Refused } from '../../../examples/clients/assay.mjs';

const [url, token] = process.argv.slice(2);
const LIMIT_MS = 60000;

class Terminal {
  constructor() {
    this.keys = new Assay(url, token, { timeout: 30000 });
    this.screen = new Assay(url, token, { timeout: 30000 });
  }

  async open(rows, cols) {
    this.session = (await this.keys.command('lab.open',
      { course: 'c', slug: 'l' })).session;
    this.attach = (await this.keys.query('lab.terminal_open',
      { session: this.session, rows, cols })).attach;
    this.seen = '';
    this.told = null;
  }

  /* Like a page that shows it: reads on until it has seen what it waits for. */
  async until(what) {
    const end = Date.now() + LIMIT_MS;
    while (!this.seen.includes(what)) {
      if (Date.now() > end) throw new Error(`never ${what}: ${this.seen}`);
      const { result, bytes } = await this.screen.query('lab.terminal_read', {
        session: this.session, attach: this.attach, wait_ms: 2000,
        ...(this.told
          ? { after: this.told.next, changes: this.told.changes } : {}),
      });
      if (result.screen) this.seen = '';
      this.seen += new TextDecoder().decode(bytes);
      this.told = result;
    }
  }

  type(text) {
    return this.keys.query('lab.terminal_write',
      { session: this.session, attach: this.attach },
      new TextEncoder().encode(text));
  }

  resize(rows, cols) {
    return this.keys.query('lab.terminal_resize',
      { session: this.session, attach: this.attach, rows, cols });
  }

  drop() {
    this.keys.close();
    this.screen.close();
  }
}

const first = new Terminal();
await first.open(24, 80);
await first.type('echo on$((1+1))e; tput -V >/dev/null 2>&1\r');
await first.until('on2e');
await first.resize(31, 101);
await first.type('until [ "$(stty size)" = "31 101" ]; do :; done; stty size\r');
await first.until('31 101');
await first.type('clear; echo SCR""EEN\r');
await first.until('SCREEN');
first.drop();

const second = new Terminal();
await second.open(31, 101);
await second.until('SCREEN');
if (second.seen.includes('on2e')) throw new Error('it was cleared before');
await second.type('echo ag""ain\r');
await second.until('again');

/* Whoever was there before is told. */
const late = new Terminal();
Object.assign(late, { session: second.session, attach: first.attach });
try {
  await late.type('x');
  throw new Error('the first one still has it');
} catch (e) {
  if (!(e instanceof Refused) || e.kind !== 'conflict') throw e;
}
late.drop();
second.drop();
process.exit(0);
