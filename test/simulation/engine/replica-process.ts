import { Database } from "bun:sqlite";
import type { Settings } from "../../../src/config/settings.ts";
import type { UpstreamUrls } from "../../../src/engine/built-in-server.ts";
import { createEngineMemory, type EngineMemory } from "../../../src/engine/engine-memory.ts";
import { Intake } from "../../../src/engine/intake.ts";
import { type OpenStore, openStore } from "../../../src/engine/open-store.ts";
import { PHASES, SharedState } from "../../../src/engine/shared-state.ts";
import type { Logger } from "../../../src/log/logger.ts";
import { CardSeal } from "../../../src/modules/orders/card-seal.ts";
import { PaymentAcceptor } from "../../../src/modules/payments/accept.ts";
import { PaymentQueries } from "../../../src/modules/payments/queries.ts";
import { WalletOperator } from "../../../src/modules/wallets/operator.ts";
import { RingConsumer } from "../../../src/ring/ring-consumer.ts";
import { createOrOpenRingFile, type RingFile } from "../../../src/ring/ring-file.ts";
import { attachSharedRing } from "../../../src/ring/ring-memory.ts";
import { type OpenDatabase, openReader, openWriter } from "../../../src/store/database.ts";
import { attachKnownIds, knownIdsPathOf } from "../../../src/store/known-ids.ts";
import { PeerRings } from "../../../src/store/peer-rings.ts";
import type { CommitLog } from "./commit-log.ts";
import { startDispatch } from "./dispatch-side.ts";
import type { LeaseWitness, WitnessedLife } from "./lease-witness.ts";
import { prepareOnce } from "./prepare-once.ts";
import { withoutDirectory } from "./quiet-log.ts";
import type { RedisLink } from "./redis-link.ts";
import { SimulatedDoorbell } from "./simulated-doorbell.ts";
import type { Network } from "./simulated-http.ts";
import { SimulatedProcess, SimulatedThread, type VirtualWorld } from "./virtual-world.ts";

/** What all replicas share. */
export interface Machine {
  readonly world: VirtualWorld;
  readonly network: Network;
  readonly redis: RedisLink;
  readonly upstreamUrls: UpstreamUrls;
  readonly ringPathOf: (replicaName: string) => string;
  readonly logOf: (replicaName: string, thread: string) => Logger;
  readonly commits: CommitLog;
  readonly witness: LeaseWitness;
  /** A dispatch thread has sealed the outcome of a call. */
  readonly onHeard: (thread: SimulatedThread) => void;
  /** After every step of a store thread: it may have committed. */
  readonly afterStore: () => void;
  /** A replica has ended, and its files are closed. */
  readonly onEnd: (life: ReplicaProcess) => void;
}

/** Small enough that it wraps and is full now and then. */
const INTAKE_RING_BYTES = 32 * 1024;
/** As in store-thread.ts. */
const STORE_IDLE_MS = 100;
const STOP_LOOK_MS = 5;

/** What clients of a replica talk to, once it serves. */
export interface ReplicaFront {
  readonly intake: Intake;
  readonly acceptor: PaymentAcceptor;
  readonly operator: WalletOperator;
  readonly seal: CardSeal;
  readonly main: SimulatedThread;
}

export interface SimulatedBells {
  readonly main: SimulatedDoorbell;
  readonly store: SimulatedDoorbell;
  readonly storeUrgent: SimulatedDoorbell;
  readonly storeSleep: SimulatedDoorbell;
  readonly dispatch: readonly [SimulatedDoorbell];
}

/**
 * One life of a replica: the three threads of the real one, as src/engine/replica.ts starts and stops them, but in
 * the world's time. What is real: the intake log in its mapped file, the rings and all shared memory, Intake, the
 * whole store thread on a real SQLite file, DispatchThread with its dispatcher, the upstreams' clients.
 */
export class ReplicaProcess {
  readonly process: SimulatedProcess;
  readonly settings: Settings;
  /** Null until it serves, and after that it refuses by itself. */
  front: ReplicaFront | null = null;
  readonly #machine: Machine;
  readonly #threads: Readonly<Record<"main" | "store" | "dispatch", SimulatedThread>>;
  readonly #memory: EngineMemory;
  readonly #bells: SimulatedBells;
  readonly #state: SharedState;
  readonly #cardKey = CardSeal.newKey();
  readonly #opened: OpenDatabase[] = [];
  readonly #witnessed: WitnessedLife;
  #ring: RingFile | null = null;
  #urgentSeen = 0;
  #hasEnded = false;

  constructor(machine: Machine, settings: Settings) {
    this.#machine = machine;
    this.settings = settings;
    const { world } = machine;
    this.process = new SimulatedProcess(settings.replicaId, () => this.#closeFiles());
    const thread = (name: string) => new SimulatedThread(this.process, name);
    this.#threads = { main: thread("main"), store: thread("store"), dispatch: thread("dispatch") };
    this.#memory = createEngineMemory(1);
    this.#state = new SharedState(this.#memory.state);
    this.#witnessed = machine.witness.begin(settings.replicaId, this.#memory);
    // In the order of engine-memory.ts.
    const bell = (waiter: "main" | "store" | "dispatch", index: number) =>
      new SimulatedDoorbell(world, this.#threads[waiter], this.#memory.bells, index);
    this.#bells = {
      main: bell("main", 0),
      store: bell("store", 1),
      storeUrgent: bell("store", 2),
      storeSleep: bell("store", 3),
      dispatch: [bell("dispatch", 4)],
    };
    world.plan(this.#threads.main, 0, "starts", () => this.#openRing());
  }

  /** SIGTERM: the same order as in src/engine/replica.ts. */
  stop(): void {
    if (this.front === null || this.#state.phase !== PHASES.run) return;
    this.#machine.world.plan(this.#threads.main, 0, "is to stop", () => {
      this.#state.phase = PHASES.drainDispatch;
      this.#bells.dispatch[0].ring();
      this.#awaitDispatch();
    });
  }

  #openRing(): void {
    const opened = createOrOpenRingFile(this.#machine.ringPathOf(this.settings.replicaId), INTAKE_RING_BYTES);
    if (opened.kind === "refused") {
      this.#note(`cannot open its intake log: ${opened.message}`);
      this.process.kill();
      return;
    }
    this.#ring = opened.ring;
    this.#machine.world.plan(this.#threads.store, 0.5, "opens the store", () => this.#openStore());
  }

  #openStore(): void {
    const { world, ringPathOf, logOf, commits, afterStore } = this.#machine;
    const { replicaId } = this.settings;
    const database = openWriter(this.settings.databaseFile, "process");
    this.#opened.push(database);
    database.sqlite.run("PRAGMA synchronous = OFF");
    prepareOnce(database.sqlite);
    commits.watch(database, world, () => this.#witnessed.committed(database));
    const store = this.#tryToOpen(() =>
      world.interruptible(() =>
        openStore({
          database,
          settings: this.settings,
          memory: this.#memory,
          bells: this.#bells,
          intakePath: ringPathOf(replicaId),
          log: logOf(replicaId, "store"),
        }),
      ),
    );
    afterStore();
    if (store === null) {
      // Locked out, or its log is inaccessible: the real one says so and ends.
      this.process.kill();
      return;
    }
    this.#loopStore(store);
    world.plan(this.#threads.main, 0.2, "serves", () => this.#serve());
  }

  #tryToOpen(open: () => OpenStore): OpenStore | null {
    try {
      return open();
    } catch (error) {
      if (!this.process.isAlive) throw error;
      this.#note(`cannot open the store: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  #serve(): void {
    const { world, ringPathOf } = this.#machine;
    const { databaseFile, replicaId } = this.settings;
    const ring = this.#ring;
    if (ring === null) throw new Error("a replica serves without its ring");
    const reader = openReader(databaseFile);
    this.#opened.push(reader);
    prepareOnce(reader.sqlite);
    const replies = new RingConsumer(attachSharedRing(this.#memory.replies));
    const peers = new PeerRings(reader, replicaId, ringPathOf);
    const intake = new Intake(ring.memory, replies, this.#bells, peers);
    this.front = {
      intake,
      acceptor: new PaymentAcceptor({
        intake,
        queries: new PaymentQueries(reader),
        knownIds: attachKnownIds(reader.sqlite, knownIdsPathOf(databaseFile)),
        durability: "process",
      }),
      operator: new WalletOperator(intake),
      seal: new CardSeal(this.#cardKey),
      main: this.#threads.main,
    };
    world.plan(this.#threads.dispatch, 0.2, "starts to dispatch", () => {
      const { network, redis, upstreamUrls, logOf, commits, onHeard } = this.#machine;
      startDispatch({
        world,
        thread: this.#threads.dispatch,
        settings: this.settings,
        memory: this.#memory,
        bells: this.#bells,
        state: this.#state,
        cardKey: this.#cardKey,
        client: network.clientOf(this.#threads.dispatch),
        redis: redis.connect(this.#threads.dispatch),
        upstreamUrls,
        reader,
        commits,
        outcomes: this.#witnessed.outcomesOf(() => onHeard(this.#threads.dispatch)),
        log: logOf(replicaId, "dispatch"),
      });
    });
  }

  /** The loop of StoreThread.run, a turn per step. */
  #loopStore(store: OpenStore): void {
    const { world, afterStore } = this.#machine;
    const { store: bell, storeUrgent } = this.#bells;
    const again = () => this.#loopStore(store);
    const seen = bell.value;
    try {
      const turn = world.interruptible(() => store.thread.turn());
      switch (turn) {
        case "go_on":
          world.plan(this.#threads.store, 0.2 + world.random(), "goes on", again);
          break;
        case "gather": {
          storeUrgent.whenRung(this.#urgentSeen, store.thread.windowMs, () => {
            this.#urgentSeen = storeUrgent.value;
            again();
          });
          break;
        }
        case "sleep":
          bell.whenRung(seen, STORE_IDLE_MS, again);
          break;
        case "stopped":
          // Closes the writing connection, the first that was opened.
          store.end();
          this.#opened.shift();
          this.process.kill();
      }
    } finally {
      this.#witnessed.turned();
      afterStore();
    }
  }

  #awaitDispatch(): void {
    if (!this.#state.dispatchStopped(0)) {
      this.#machine.world.plan(this.#threads.main, STOP_LOOK_MS, "waits for dispatch", () =>
        this.#awaitDispatch(),
      );
      return;
    }
    this.front?.intake.seal();
    this.#state.phase = PHASES.drainStore;
    this.#bells.store.ring();
    this.#bells.storeUrgent.ring();
  }

  #note(text: string): void {
    const { world } = this.#machine;
    world.trace.note(world.nowMs, this.process.name, withoutDirectory(text));
  }

  #closeFiles(): void {
    this.front = null;
    for (const { sqlite } of this.#opened) {
      // Statements that still exist keep a closed connection, and with it the lock of its transaction.
      if (sqlite.inTransaction) Database.prototype.run.call(sqlite, "ROLLBACK");
      sqlite.close();
    }
    this.#opened.length = 0;
    this.#ring?.close();
    this.#ring = null;
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#machine.onEnd(this);
  }
}
