/*
 * A whole client of Assay in JavaScript, for browsers and for Node (22, or 20
 * with --experimental-websocket): one WebSocket, any number of calls at once.
 *
 *     import { Assay } from './assay.mjs';
 *     const a = new Assay('ws://127.0.0.1:8140/rpc', token);
 *     console.log(await a.query('server.time'));
 *
 * It speaks the wire of docs/wire.md.
 */
export class Refused extends Error {
  constructor(error) {
    super(error.message);
    Object.assign(this, { code: error.code, ...error.data });
  }
}

const wait = ms => new Promise(done => setTimeout(done, ms));

export class Assay {
  constructor(url, token, { timeout = 10000, tries = 5 } = {}) {
    Object.assign(this, { url, token, timeout, tries });
    this.number = crypto.getRandomValues(new Uint32Array(1))[0] & 0x7fffffff;
    this.waiting = new Map(); // request number -> {resolve, reject}
  }

  /* A call that changes something: its key makes it safe to send again. */
  command(method, params = {}, bytes) {
    return this.query(method,
      { idempotency_key: crypto.randomUUID(), ...params }, bytes);
  }

  /* The result; {result, bytes} where the method gives bytes. */
  async query(method, params = {}, bytes) {
    const text = new TextEncoder().encode(JSON.stringify(
      { jsonrpc: '2.0', id: 1, method, auth: this.token, params }));
    for (let left = this.tries - 1; ; left--) {
      try {
        return this.#read(await this.#exchange(text, bytes));
      } catch (e) {
        const again = e instanceof Refused ? e.retry : true;
        if (!again || !left) throw e;
        await wait(e.retry_after_ms ?? 500);
      }
    }
  }

  close() {
    this.socket?.close();
  }

  #read(body) {
    const nul = body.indexOf(0);
    const reply = JSON.parse(new TextDecoder().decode(
      nul < 0 ? body : body.subarray(0, nul)));
    if (reply.error) throw new Refused(reply.error);
    return nul < 0 ? reply.result
      : { result: reply.result, bytes: body.slice(nul + 1) };
  }

  async #exchange(text, bytes) {
    await this.#connect();
    const number = this.number = (this.number + 1) & 0x7fffffff;
    const frame = new Uint8Array(4 + text.length +
      (bytes ? 1 + bytes.length : 0));
    new DataView(frame.buffer).setUint32(0, (number | 0x80000000) >>> 0);
    frame.set(text, 4);
    if (bytes) frame.set(bytes, 5 + text.length); // behind one NUL
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(number);
        reject(new Error('no answer in time'));
      }, this.timeout);
      this.waiting.set(number, {
        resolve: body => { clearTimeout(timer); resolve(body); },
        reject: why => { clearTimeout(timer); reject(why); },
      });
      this.socket.send(frame);
    });
  }

  #connect() {
    if (this.opening) return this.opening;
    const socket = new WebSocket(this.url, 'rep.sp.nanomsg.org');
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      const number = new DataView(data).getUint32(0) & 0x7fffffff;
      this.waiting.get(number)?.resolve(new Uint8Array(data, 4));
      this.waiting.delete(number);
    };
    this.opening = new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = () => {
        const why = new Error('the connection was lost');
        this.opening = null;
        reject(why);
        for (const w of this.waiting.values()) w.reject(why);
        this.waiting.clear();
      };
    });
    return this.opening;
  }
}
