import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '../access/client-bucket.js';
import type { Limits } from '../access/limits.js';
import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import { feedInSlices } from './sliced-reading.js';

/** Together with 16 KiB of headers each, the most that clients can take from the process. */
export const MAX_CONNECTIONS = 100;
/**
 * How long the refusal of a penalised client waits, milliseconds. A flood that waits for its answers gets one a second and
 * connection; a person who mistyped a token hardly notices.
 */
const HOLD_MS = 1_000;
/**
 * Unproven connections that gave up their place and are closed `HOLD_MS` later, so that a client that connects in a loop goes round
 * slowly, and others have time to send their request. Nothing more is read from them. Any more are closed at once.
 */
const MAX_LEAVING = 200;
/** Requests of one connection that wait for their responses. With one more the connection is cut, though late as well. */
const MAX_WAITING = 10;

interface Connection {
  /** For TLS the socket below it. */
  readonly socket: Socket;
  readonly network: string;
  /** Whether its latest request came with a valid token. */
  proven: boolean;
  failed: boolean;
  waiting: number;
  /** Whether nothing more is read from it, until a request is judged or answered. */
  held: boolean;
  /** Whether it ends with a response that is being held: nothing after that is read or answered. */
  ending: boolean;
  stopReading: () => void;
  /** Of refusals that wait; at most one a waiting request. */
  readonly timers: Set<Timer>;
  /** Later for a connection used more recently. */
  turn: number;
}

/**
 * The connections of the own listener. When one more arrives than it can have, the one that has proved least is closed: so
 * clients that never show a valid token cannot lock out those that do. Until a request is judged, nothing more is read
 * from a connection without a valid token.
 */
export class Connections {
  readonly #limits: Pick<Limits, 'failed'>;
  readonly #clock: Clock;
  readonly #open = new Map<Socket | string, Connection>();
  #turn = 0;
  #leaving = 0;

  constructor(limits: Pick<Limits, 'failed'>, clock: Clock = systemClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** A connection was accepted. */
  add(socket: Socket): void {
    if (this.#open.size >= MAX_CONNECTIONS) {
      const victim = this.#leastDeserving();
      if (victim === null) return void socket.destroy();
      this.#open.delete(keyOf(victim.socket));
      this.#dismiss(victim);
    }
    const connection = {
      socket,
      network: networkOf(socket.remoteAddress),
      proven: false,
      failed: false,
      waiting: 0,
      held: false,
      ending: false,
      stopReading: () => {},
      timers: new Set<Timer>(),
      turn: this.#turn++,
    };
    const key = keyOf(socket);
    this.#open.set(key, connection);
    socket.once('close', () => {
      for (const timer of connection.timers) timer.cancel();
      if (this.#open.get(key) === connection) this.#open.delete(key);
    });
  }

  /** Node's HTTP server reads from this connection: for TLS the socket above it. */
  read(socket: Socket): void {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined) return;
    connection.stopReading = feedInSlices(socket, () => connection.held);
  }

  /** A request arrived. False if it gets no response, since its connection is or will be cut. */
  accept({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined) {
      socket.destroy();
      return false;
    }
    if (connection.ending) return false;
    // Where Node paused it, since responses pile up, it is Node's to resume.
    if (!connection.proven && !socket.isPaused()) connection.held = true;
    connection.waiting += 1;
    connection.turn = this.#turn++;
    if (connection.waiting > MAX_WAITING) {
      connection.held = true;
      connection.ending = true;
      this.#later(connection, () => socket.destroy());
      return false;
    }
    response.once('close', () => {
      connection.waiting -= 1;
      resume(connection, socket);
    });
    return true;
  }

  /** Whether the latest request of this connection came with a valid token. */
  judged(socket: Socket, proven: boolean): void {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined) return;
    connection.proven = proven;
    connection.failed = !proven;
    if (proven) resume(connection, socket);
  }

  /**
   * Sends a refusal late. An unproven connection ends with it, so that its client has to connect again for its next
   * attempt.
   */
  hold({ socket }: IncomingMessage, response: ServerResponse, send: () => void): void {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined) return;
    if (!connection.proven) {
      connection.held = true;
      connection.ending = true;
      response.setHeader('Connection', 'close');
    }
    this.#later(connection, send);
  }

  /** Bytes that are not a request arrived, or too few in time. */
  async broken(error: NodeJS.ErrnoException, socket: Socket, send: () => void): Promise<void> {
    const connection = this.#open.get(keyOf(socket));
    // What follows cannot be read, and would be counted again.
    connection?.stopReading();
    if (connection === undefined || error.code === 'ECONNRESET') return send();
    this.judged(socket, false);
    if ((await this.#limits.failed(socket.remoteAddress)) === 0) send();
    else this.#later(connection, send);
  }

  /** This connection carries no HTTP from now on. */
  release(socket: Socket): void {
    this.#open.get(keyOf(socket))?.stopReading();
  }

  #later(connection: Connection, work: () => void): void {
    const timer = this.#clock.after(HOLD_MS, () => {
      connection.timers.delete(timer);
      work();
    });
    connection.timers.add(timer);
  }

  #dismiss(connection: Connection): void {
    const { socket, proven } = connection;
    if (proven || this.#leaving >= MAX_LEAVING) return void socket.destroy();
    connection.held = true;
    connection.ending = true;
    connection.stopReading();
    this.#leaving += 1;
    socket.once('close', () => {
      this.#leaving -= 1;
    });
    this.#later(connection, () => socket.destroy());
  }

  /** Null if each of them is busy with a request that a valid token came with. */
  #leastDeserving(): Connection | null {
    const perNetwork = new Map<string, number>();
    for (const { network } of this.#open.values())
      perNetwork.set(network, (perNetwork.get(network) ?? 0) + 1);
    let least: Connection | null = null;
    for (const connection of this.#open.values()) {
      if (connection.proven && connection.waiting > 0) continue;
      if (least === null || deservesLess(connection, least, perNetwork)) least = connection;
    }
    // Others come faster than they can be slowed down: by chance, so that none knows how long the newest one stays.
    if (least === null || least.proven || least.failed || this.#leaving < MAX_LEAVING) return least;
    const { network } = least;
    const equals = [...this.#open.values()].filter(
      (one) => !one.proven && !one.failed && one.network === network,
    );
    return equals[Math.floor(Math.random() * equals.length)]!;
  }
}

function resume(connection: Connection, socket: Socket): void {
  if (!connection.held || connection.ending) return;
  connection.held = false;
  socket.resume();
}

/** Unproven before proven; refused before silent; then of the network with the most connections; then the longest unused. */
function deservesLess(one: Connection, other: Connection, perNetwork: ReadonlyMap<string, number>): boolean {
  if (one.proven !== other.proven) return other.proven;
  if (one.failed !== other.failed) return one.failed;
  const [ones, others] = [perNetwork.get(one.network)!, perNetwork.get(other.network)!];
  return ones === others ? one.turn < other.turn : ones > others;
}

/**
 * The addresses and ports of both ends, which a TLS socket shares with the socket below it: a peer may use one port for connections to
 * several of our addresses. On a Unix socket, which has none, the socket.
 */
function keyOf(socket: Socket): Socket | string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
