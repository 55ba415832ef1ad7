/** The last few things that were made, to be asked for again. */
export class Recent<Thing> {
  readonly #things: Thing[] = [];
  readonly #max: number;
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes the place of the oldest when all are taken. */
  add(thing: Thing): void {
    this.#things[this.#next] = thing;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** One of them; undefined while there is none. */
  pick(random: () => number): Thing | undefined {
    return this.#things[Math.floor(random() * this.#things.length)];
  }

  /** Takes one away. */
  take(random: () => number): Thing | undefined {
    const index = Math.floor(random() * this.#things.length);
    const thing = this.#things[index];
    const last = this.#things.pop();
    if (last !== undefined && index < this.#things.length) this.#things[index] = last;
    this.#next = this.#things.length % this.#max;
    return thing;
  }
}
