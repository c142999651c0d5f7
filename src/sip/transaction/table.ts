/** How the transaction machines of RFC 3261 §17 are written down: a table of states, events, and what is done on the way. */

/** The state that follows, then the effects in order. */
export type Step<State extends string, Effect extends string> = readonly [next: State, ...effects: Effect[]];

/** What is not listed changes nothing. */
export type Table<State extends string, Event extends string, Effect extends string> = {
  readonly [state in State]?: { readonly [event in Event]?: Step<State, Effect> };
};
